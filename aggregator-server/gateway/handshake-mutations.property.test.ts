import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { type ClientMessage, clientMessageSchema } from '@genba/shared/protocol/messages';
import { expect, it } from 'vitest';
import { type DataFolderState, dataFolderState } from '../testing/data-folder-state.ts';
import { type EnrolledBench, startEnrolled } from '../testing/enrolled-bench.ts';
import { smallTask } from '../testing/fixtures.ts';
import { startForTest } from '../testing/gateway-bench.ts';
import { changeBytes, Dice, mutateMessage } from '../testing/mutations.ts';
import { TestClient } from '../testing/test-client.ts';
import { TestDevice } from '../testing/test-device.ts';
import { decodeText } from './frame-text.ts';

/** Mutations of each message of a handshake; each takes a connection of its own. */
const RUNS = 1000;
/** Connections at once. */
const LANES = 8;
/** A task id that no server here has. */
const UNSERVED_TASK = 'elsewhere';

/** A connection on which a mutation of a message is to be said. */
interface Turn {
  readonly client: TestClient;
  readonly message: ClientMessage;
}

function understood(frame: Uint8Array): ClientMessage | null {
  try {
    return parseControlFrame(clientMessageSchema, decodeText(frame));
  } catch {
    return null;
  }
}

/** Refused handshakes are written down; that is all they may leave behind. */
function withoutRefusals({ tables, files }: DataFolderState): DataFolderState {
  const audit = (tables.audit as { event: string }[]).filter(
    ({ event }) => event !== 'handshake-refused' && event !== 'handshakes-refused',
  );
  // Where the record ends moves with what is left out of it here.
  const { audit_end: _end, ...others } = tables;
  return { tables: { ...others, audit }, files };
}

interface Round {
  readonly dataFolder: string;
  readonly name: string;
  /** Connects as far as the message. */
  readonly open: () => Promise<Turn>;
}

/** Every mutation must be refused with one error and the end of the connection, and leave everything as it is. */
async function refuseAll({ dataFolder, name, open }: Round): Promise<void> {
  const dice = new Dice();
  const before = withoutRefusals(await dataFolderState(dataFolder));
  const codes = new Map<string, number>();
  let left = RUNS;
  const lane = async () => {
    while (left-- > 0) {
      const { client, message } = await open();
      const mutated = mutationOf(dice, message);
      client.sendTextBytes(mutated);
      const { code } = await client.expect('error').catch((cause) => {
        const shown = Buffer.from(mutated.subarray(0, 500)).toString('latin1');
        throw new Error(`${cause.message} in answer to ${shown}`, { cause });
      });
      codes.set(code, (codes.get(code) ?? 0) + 1);
      // Of one that sends too much nothing more is read, so it does not see the close before the grace time.
      if (code === 'protocol/frame-too-large') client.cut();
      else expect(await client.closed).toBe(1008);
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(withoutRefusals(await dataFolderState(dataFolder))).toEqual(before);
  } catch (thrown) {
    throw new Error(`${name}, GENBA_SEED=${dice.seed}`, { cause: thrown });
  }
  const shown = [...codes].map(([code, count]) => `${count} ${code}`).join(', ');
  process.stdout.write(`${name}, GENBA_SEED=${dice.seed}: ${shown}\n`);
}

/** One that is not right itself: that says the same in other words, or is another proper hello. */
function mutationOf(dice: Dice, message: ClientMessage): Uint8Array {
  for (;;) {
    const mutated = mutateMessage(dice, message);
    const read = understood(mutated);
    if (read === null) return mutated;
    const isRight = message.type === 'hello' ? isProperHello(read) : isDeepStrictEqual(read, message);
    if (!isRight) return mutated;
  }
}

/** A hello that goes on to a challenge, which is no error; where nobody is challenged, to a task that is served. */
function isProperHello(message: ClientMessage): boolean {
  if (message.type !== 'hello') return false;
  const { min, max } = message.protocol;
  return min <= 1 && max >= 1 && message.taskId !== UNSERVED_TASK;
}

const startPatient = () =>
  startEnrolled({ limits: { failuresPerAddress: 100 * RUNS, unknownCodes: 100 * RUNS } });

/** An aggregator for enrolled devices still works, for a new one and for one it knows. */
async function expectWorking(server: EnrolledBench, known: TestDevice, code: string): Promise<void> {
  await known.join(server);
  await new TestDevice().enrol(server, code);
}

it(`lets nobody in by ${RUNS} mutations of hello where everybody is let in`, async () => {
  // Of several tasks none is meant by itself, so a mutation would have to name one.
  const tasks = [smallTask(), smallTask({ id: 'second' })];
  const { address, dataFolder } = await startForTest({ tasks });
  const open = async () => {
    const client = await TestClient.dial(address);
    return { client, message: client.hello({ taskId: UNSERVED_TASK }) };
  };
  await refuseAll({ dataFolder, name: 'hello, open-loopback', open });
  await TestClient.join(address, { taskId: 'second' });
}, 60_000);

it(`goes no further than the challenge after ${RUNS} mutations of hello over TLS`, async () => {
  const server = await startPatient();
  const known = await server.enrolled();
  const { code } = await server.invite();
  const open = async () => {
    const client = await TestClient.dial(server.address, randomUUID(), server.ca);
    return { client, message: { ...client.hello({ taskId: smallTask().id }), keyId: known.key.keyId } };
  };
  await refuseAll({ dataFolder: server.dataFolder, name: 'hello, enrolled', open });
  await expectWorking(server, known, code);
}, 60_000);

it.each(['proof', 'enrol'] as const)(
  `lets nobody in by ${RUNS} mutations of %s, and goes on working`,
  async (type) => {
    const server = await startPatient();
    const known = await server.enrolled();
    const { code } = await server.invite();
    const open = async () => {
      const device = type === 'proof' ? known : new TestDevice();
      const challenged = await device.challenged(server, type === 'proof' ? known.key.keyId : null);
      const { client } = challenged;
      const message = type === 'proof' ? device.proof(challenged) : device.enrolment(challenged, code);
      return { client, message };
    };
    await refuseAll({ dataFolder: server.dataFolder, name: `${type}, enrolled`, open });
    await expectWorking(server, known, code);
  },
  60_000,
);

it(`survives ${RUNS / 5} first frames that are no message at all`, async () => {
  const { address, dataFolder } = await startForTest();
  const dice = new Dice();
  const before = await dataFolderState(dataFolder);
  for (let count = 0; count < RUNS / 5; count++) {
    const client = await TestClient.dial(address);
    const bytes = changeBytes(dice, dice.bytes(dice.below(200)));
    if (dice.below(2) === 0) client.sendTextBytes(bytes);
    else client.sendBinary(bytes);
    await client.expectError('protocol/hello-expected');
    expect(await client.closed).toBe(1008);
  }
  expect(await dataFolderState(dataFolder)).toEqual(before);
}, 30_000);
