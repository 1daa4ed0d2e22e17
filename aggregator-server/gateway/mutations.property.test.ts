import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { toEnrolmentCode } from '@genba/shared/identity/enrolment-code';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { decodeDataFrame, encodeDataFrame } from '@genba/shared/protocol/data-frame';
import { type ClientMessage, clientMessageSchema } from '@genba/shared/protocol/messages';
import { expect, it } from 'vitest';
import { dataFolderState } from '../testing/data-folder-state.ts';
import { startEnrolled } from '../testing/enrolled-bench.ts';
import { bytesOf, smallTask, trained } from '../testing/fixtures.ts';
import { startForTest } from '../testing/gateway-bench.ts';
import { CLIENT_MESSAGE_TYPES, Dice, mutateDataFrame, mutateMessage } from '../testing/mutations.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';
import { type Challenged, TestDevice, testKey } from '../testing/test-device.ts';
import { decodeText } from './frame-text.ts';

/** Mutations of each type of message, and of data frames. */
const RUNS = 1000;
/** Frames that are on their way at once. */
const BATCH = 100;

const TASK = smallTask();

/** An open session; `device` where its key opened it. */
interface Scene {
  readonly client: TestClient;
  readonly dataFolder: string;
  readonly device: { readonly who: TestDevice; readonly challenged: Challenged } | null;
}

const MODES: readonly (readonly [string, () => Promise<Scene>])[] = [
  [
    'open-loopback',
    async () => {
      const { address, dataFolder } = await startForTest();
      return { client: (await TestClient.join(address)).client, dataFolder, device: null };
    },
  ],
  [
    'enrolled',
    async () => {
      const server = await startEnrolled({ limits: { offersPerMinute: 100 * RUNS } });
      const who = await server.enrolled();
      const challenged = await who.join(server);
      return { client: challenged.client, dataFolder: server.dataFolder, device: { who, challenged } };
    },
  ],
];

/**
 * One message of every type, right in every field. None can succeed, so that a mutation cannot either that stays
 * well-formed: bases that do not exist, and a session that is open already. Two could: see {@link succeeds}.
 */
function specimens({ client, device }: Scene): Record<ClientMessage['type'], ClientMessage> {
  const baseId = randomUUID();
  const stranger = new TestDevice();
  const challenged = device?.challenged ?? { client, nonce: randomBytes(32).toString('base64url') };
  const seen = client.channel.byteLength > 0 ? challenged : withSomeChannel(challenged);
  return {
    hello: client.hello(),
    proof: (device?.who ?? stranger).proof(seen),
    enrol: stranger.enrolment(seen, toEnrolmentCode(randomBytes(20))),
    'key/rotate': (device?.who ?? stranger).rotation(seen, testKey()),
    'update/offer': updateOffer({ taskId: TASK.id, baseId, baseVersion: 0 }, new Float32Array(23)),
    'weights/request': { type: 'weights/request', reason: 'first' },
    'weights/resume': { type: 'weights/resume', baseId, offset: 0 },
    'weights/installed': { type: 'weights/installed', baseId },
    'global/resume': { type: 'global/resume', sha256: '0'.repeat(64), offset: 0 },
    'base/missing': { type: 'base/missing', baseId },
  };
}

/** Without TLS there is no channel, but the field has to be well-formed. */
function withSomeChannel({ client, nonce }: Challenged): Challenged {
  return { nonce, client: Object.assign(Object.create(client), { channel: randomBytes(32) }) };
}

/** What the server reads out of a frame; null where that is no message. */
function understood(frame: Uint8Array): ClientMessage | null {
  try {
    return parseControlFrame(clientMessageSchema, decodeText(frame));
  } catch {
    return null;
  }
}

/** Whether a mutation says something that is right to be done: it asks for fresh weights, or announces the very key. */
function succeeds(frame: Uint8Array, original: ClientMessage, { device }: Scene): boolean {
  const message = understood(frame);
  if (message?.type === 'weights/request') return true;
  return message?.type === 'key/rotate' && device !== null && isDeepStrictEqual(message, original);
}

/** Mutations that do not succeed, so that every one of them has to be refused. */
function* refusable(
  mutate: () => Uint8Array,
  isRight: (frame: Uint8Array) => boolean,
): Generator<Uint8Array, void> {
  for (let count = 0; count < RUNS; ) {
    const frame = mutate();
    if (isRight(frame)) continue;
    count++;
    yield frame;
  }
}

/** Sends frames, many at a time; each must be answered by exactly one error. @returns how often each code came */
async function refuseAll(
  client: TestClient,
  frames: Iterable<Uint8Array>,
  send: (frame: Uint8Array) => void,
): Promise<Map<string, number>> {
  const codes = new Map<string, number>();
  const all = [...frames];
  for (let from = 0; from < all.length; from += BATCH) {
    const batch = all.slice(from, from + BATCH);
    for (const frame of batch) send(frame);
    for (const frame of batch) {
      const shown = Buffer.from(frame.subarray(0, 300)).toString('latin1');
      const { code } = await client.expect('error').catch((cause) => {
        throw new Error(`${cause.message} in answer to ${shown}`, { cause });
      });
      expect(code, shown).toMatch(/^(protocol|update|task|identity)\//);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    await client.expectSilence();
  }
  return codes;
}

it.each(MODES)(
  `answers ${RUNS} mutations of every message and of data frames in mode %s with one error each, and changes nothing`,
  async (mode, open) => {
    const dice = new Dice();
    const scene = await open();
    const { client, dataFolder } = scene;
    const examples = specimens(scene);
    expect(Object.keys(examples).sort()).toEqual([...CLIENT_MESSAGE_TYPES].sort());

    const { offer, weights: start } = await client.begin();
    // The last message has no answer; it is through when the next one has.
    await client.expectSilence();
    const weights = trained(start, 1);
    const update = updateOffer({ taskId: TASK.id, baseId: offer.baseId, baseVersion: 0 }, weights);
    const report: string[] = [];
    const refusingAll = async (
      name: string,
      frames: Iterable<Uint8Array>,
      send: (frame: Uint8Array) => void,
    ) => {
      const before = await dataFolderState(dataFolder);
      try {
        const codes = await refuseAll(client, frames, send);
        report.push(`  ${name}: ${[...codes].map(([code, count]) => `${count} ${code}`).join(', ')}`);
        expect(await dataFolderState(dataFolder)).toEqual(before);
      } catch (thrown) {
        throw new Error(`${name}, GENBA_SEED=${dice.seed}`, { cause: thrown });
      }
    };

    for (const [type, message] of Object.entries(examples)) {
      const frames = refusable(
        () => mutateMessage(dice, message),
        (frame) => succeeds(frame, message, scene),
      );
      await refusingAll(type, frames, (frame) => client.sendTextBytes(frame));
    }

    // While an upload is open, so that a frame could be taken for a piece of it.
    client.send(update);
    const { transfer } = await client.expect('update/resume');
    const due = encodeDataFrame({ transfer, offset: 0, payload: bytesOf(weights).subarray(0, 40) });
    const fits = (frame: Uint8Array) => {
      try {
        const read = decodeDataFrame(frame);
        const { byteLength } = read.payload;
        return read.transfer === transfer && read.offset === 0 && byteLength <= weights.byteLength;
      } catch {
        return false;
      }
    };
    const frames = refusable(() => mutateDataFrame(dice, due), fits);
    await refusingAll('data frame', frames, (frame) => client.sendBinary(frame));

    process.stdout.write(`${mode}, GENBA_SEED=${dice.seed}\n${report.join('\n')}\n`);
    // The upload is as it was, and the session goes on.
    client.sendWeights({ transfer, from: 0, weights });
    await client.expect('update/receipt');
    expect(await client.install(await client.expect('weights/offer'))).toEqual(weights);
  },
  60_000,
);
