import { parseTask } from '@genba/shared/model/task';
import { AGENT_CAPABILITIES, CAN_CALIBRATE, EXAMINE } from '@genba/shared/protocol/capabilities';
import { expect, it } from 'vitest';
import { listGuests } from '../operations/devices.ts';
import { guestsReport } from '../operations/identity-reports.ts';
import { startEnrolled } from '../testing/enrolled-bench.ts';
import { smallTask } from '../testing/fixtures.ts';
import { startForTest, statusOf } from '../testing/gateway-bench.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestDevice } from '../testing/test-device.ts';

/** A task with more than the simulated agent knows. */
const SPINDLES = parseTask({
  ...smallTask({ id: 'spindles', federation: { strategy: 'fedavg' } }),
  input: { kind: 'series', columns: ['電流'], windowRows: 8, strideRows: 4, labelColumn: 'label' },
  model: { template: 'resnet-1d', filters: [2] },
});
const UNKNOWN = ['template/resnet-1d', 'input/series', 'strategy/fedavg'];

/** What an agent of an older version says: it knows all but what is new in that task. */
const OLDER = AGENT_CAPABILITIES.filter((name) => !UNKNOWN.includes(name));
const OLDER_APP = 'genba-agent/0.0.9';

it('are refused by name, with the version they need, and are shown with what they lack', async () => {
  const { address } = await startForTest({ tasks: [smallTask(), SPINDLES] });
  const older = await TestClient.dial(address);
  const hello = older.hello({ taskId: 'spindles', plantName: '仙台' });
  older.send({ ...hello, app: OLDER_APP, capabilities: OLDER });
  const { detail, retry, about } = await older.expectError('task/app-too-old');
  expect({ detail, retry, about }).toEqual({
    detail: `needs Genba 0.1.0 or newer, for ${UNKNOWN.join(', ')}`,
    retry: false,
    about: 'hello',
  });
  expect(await older.closed).toBe(1008);
  const shown = async () =>
    (await statusOf(address)).tasks
      .find(({ taskId }) => taskId === 'spindles')!
      .clients.map(({ plantName, connected, app, lacks }) => ({ plantName, connected, app, lacks }));
  expect(await shown()).toEqual([{ plantName: '仙台', connected: false, app: OLDER_APP, lacks: UNKNOWN }]);
  // Updated, it is let in, and nothing more is said of it.
  const { clientId } = older;
  await TestClient.join(address, { clientId, taskId: 'spindles', plantName: '仙台' });
  expect(await shown()).toEqual([{ plantName: '仙台', connected: true, app: 'test/1', lacks: [] }]);
});

it('take part in a task that they know all of', async () => {
  const { address } = await startForTest({ tasks: [smallTask(), SPINDLES] });
  const older = await TestClient.dial(address);
  older.send({ ...older.hello({ taskId: 'small' }), app: OLDER_APP, capabilities: OLDER });
  await older.expect('welcome');
  // Whoever names nothing at all knows nothing of tasks.
  const silent = await TestClient.dial(address);
  silent.send({ ...silent.hello({ taskId: 'small' }), capabilities: [CAN_CALIBRATE] });
  await silent.expectError('task/app-too-old');
});

it('stay enrolled, are listed, and lock nobody out however often they come', async () => {
  const limits = { failuresPerAddress: 2 };
  const server = await startEnrolled({ tasks: [SPINDLES], limits });
  const device = new TestDevice({ taskId: 'spindles' });
  const { code } = await server.invite({ plantName: '仙台 第一工場', taskId: 'spindles' });
  await (await device.enrol(server, code)).client.close();
  const knock = async (...more: string[]) => {
    const client = await TestClient.dial(server.address, device.clientId, server.ca);
    const hello = client.hello({ taskId: 'spindles' });
    const { keyId } = device.key;
    client.send({ ...hello, app: OLDER_APP, keyId, capabilities: [...OLDER, ...more] });
    const { nonce } = await client.expect('challenge');
    client.send(device.proof({ client, nonce }));
    await client.expectError('task/app-too-old');
    expect(await client.closed).toBe(1008);
  };
  const report = async () => guestsReport(await listGuests(server.dataFolder));
  expect(await report()).toMatch(/仙台 第一工場 .* test\/1 +│ in use/);
  // The connection doctor leaves no trace here either.
  await knock(EXAMINE);
  expect(await report()).not.toContain(OLDER_APP);
  for (let attempt = 0; attempt < 5; attempt++) await knock();
  expect(await report()).toContain(OLDER_APP);
  expect(await report()).toContain(
    'update Genba on this PC: it does not know template/resnet-1d, input/series, strategy/fedavg',
  );
  const { welcome } = await device.join(server);
  expect(welcome.task.id).toBe('spindles');
  expect(await report()).not.toContain('update Genba');
});
