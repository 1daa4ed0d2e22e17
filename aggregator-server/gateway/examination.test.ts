import { join } from 'node:path';
import { EXAMINE } from '@genba/shared/protocol/capabilities';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { revoke } from '../operations/devices.ts';
import { startEnrolled } from '../testing/enrolled-bench.ts';
import { TestClient } from '../testing/test-client.ts';
import { type Server, TestDevice } from '../testing/test-device.ts';

/** All that is written down about clients, devices and what they did. */
function records(dataFolder: string): unknown[] {
  const database = new Sqlite(join(dataFolder, 'catalogue.sqlite'), { readonly: true });
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .pluck()
      .all() as string[];
    return tables.map((table) => [table, database.prepare(`SELECT * FROM "${table}"`).all()]);
  } finally {
    database.close();
  }
}

/** Says hello as the connection doctor does, and shows the device's key. */
async function examine(server: Server, device: TestDevice): Promise<TestClient> {
  const client = await TestClient.dial(server.address, device.clientId, server.ca);
  const hello = client.hello({ taskId: device.taskId, plantName: 'as the device says' });
  client.send({ ...hello, keyId: device.key.keyId, capabilities: [...hello.capabilities, EXAMINE] });
  const { nonce } = await client.expect('challenge');
  client.send(device.proof({ client, nonce }));
  return client;
}

describe('an examination', () => {
  it('hears welcome and ends, disturbs no session, and leaves no trace', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const { client } = await device.join(server);
    await client.begin();
    // Answered after all that came before it.
    await client.expectSilence();
    const before = records(server.dataFolder);
    const examining = await examine(server, device);
    expect(await examining.expect('welcome')).toMatchObject({ security: 'enrolled', baseId: null });
    expect(await examining.closed).toBe(1000);
    expect(records(server.dataFolder)).toEqual(before);
    await client.expectSilence();
  });

  it('is refused like anybody else', async () => {
    const server = await startEnrolled();
    const stranger = await examine(server, new TestDevice());
    await stranger.expectError('identity/unknown-key');
    const device = await server.enrolled();
    await revoke(server.dataFolder, { client: device.clientId });
    await (await examine(server, device)).expectError('identity/revoked');
  });
});
