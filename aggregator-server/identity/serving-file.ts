import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { serverAddress } from '@genba/shared/identity/invitation';
import { z } from 'zod';
import { readSecretFile, writeSecretFile } from './secret-file.ts';

const FILE_NAME = 'serving.json';

const servingSchema = z.strictObject({
  /** What invitations name. */
  addresses: z.array(serverAddress).min(1),
  /** Fingerprint of the certificate that agents pin. */
  certificate: z.string().regex(/^[0-9a-f]{64}$/),
});

/** How plants reach the aggregator, as of its last start with enrolment; commands read it beside the server. */
export type Serving = z.output<typeof servingSchema>;

/** @throws AppError `server/storage` */
export async function writeServing(folder: string, serving: Serving): Promise<void> {
  await writeSecretFile(join(folder, FILE_NAME), `${JSON.stringify(serving, null, 2)}\n`);
}

/** @returns null where it never served with enrolment @throws AppError `store/damaged`, `server/storage` */
export async function readServing(folder: string): Promise<Serving | null> {
  const path = join(folder, FILE_NAME);
  const text = await readSecretFile(path);
  if (text === null) return null;
  try {
    return servingSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('store/damaged', { detail: path, cause });
  }
}
