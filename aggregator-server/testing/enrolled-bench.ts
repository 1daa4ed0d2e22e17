import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Invitation } from '@genba/shared/identity/invitation';
import type { AdmissionLimits } from '../gateway/admission-limits.ts';
import { invite } from '../operations/invite.ts';
import type { Aggregator, AggregatorOptions } from '../server.ts';
import { smallTask } from './fixtures.ts';
import { startForTest } from './gateway-bench.ts';
import { TestDevice } from './test-device.ts';

/** An aggregator that lets only enrolled devices in. */
export interface EnrolledBench extends Aggregator {
  readonly dataFolder: string;
  /** Its authority, as PEM. */
  readonly ca: string;
  /** Invites a device as the command does. */
  invite(wish?: { plantName?: string; taskId?: string; validMs?: number }): Promise<Invitation>;
  /** A device that has enrolled and is not connected. */
  enrolled(plantName?: string): Promise<TestDevice>;
}

/** Starts an aggregator with its own authority on loopback; it stops when the running test ends. */
export async function startEnrolled(
  options: Partial<Omit<AggregatorOptions, 'security'>> & { limits?: Partial<AdmissionLimits> } = {},
): Promise<EnrolledBench> {
  const { limits, ...others } = options;
  const aggregator = await startForTest({
    host: '127.0.0.1',
    ...others,
    security: { kind: 'enrolled', limits },
  });
  const { dataFolder } = aggregator;
  const ca = new X509Certificate(await readFile(join(dataFolder, 'identity', 'authority.pem'))).toString();
  const bench: EnrolledBench = {
    ...aggregator,
    ca,
    invite: ({ plantName = '第一工場', taskId = smallTask().id, validMs = 60_000 } = {}) =>
      invite({ dataFolder, plantName, taskId, validMs }),
    enrolled: async (plantName) => {
      const device = new TestDevice();
      const { code } = await bench.invite({ plantName });
      const { client } = await device.enrol(bench, code);
      await client.close();
      return device;
    },
  };
  return bench;
}
