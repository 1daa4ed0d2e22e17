import { createHash } from 'node:crypto';
import { decodeDataFrame, encodeDataFrame, writeDataFrameHeader } from '@genba/shared/protocol/data-frame';
import { DATA_CHUNK_BYTES } from '@genba/shared/protocol/limits';
import type { ServerMessage, WeightsOffer } from '@genba/shared/protocol/messages';
import { countReceivedMemory } from '../aggregator-server/gateway/received-memory.ts';
import { TestClient, updateOffer } from '../aggregator-server/testing/test-client.ts';

/** Weights ready to be reported, with their digest and as frames: a plant has all of it before it connects. */
export interface PreparedUpdate {
  readonly weights: Float32Array;
  readonly sha256: string;
  /** The number of a transfer is written into them when it is known. */
  readonly frames: readonly Uint8Array[];
}

/** When a report's moments were, milliseconds of `process.hrtime`. */
export interface ReportTimes {
  readonly offered: number;
  readonly resumed: number;
  /** The last byte was handed to the system, which on one machine is when it arrives. */
  readonly sent: number;
  readonly receipted: number;
  readonly answered: number;
  /** The reply is here and proved, and the server was told so. */
  readonly installed: number;
}

/** Weights of a model, seeded; between -0.05 and 0.05. */
export function preparedUpdate(length: number, seed: number): PreparedUpdate {
  const weights = new Float32Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    weights[i] = (state / 2 ** 32 - 0.5) / 10;
  }
  const bytes = new Uint8Array(weights.buffer);
  const frames: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.byteLength; offset += DATA_CHUNK_BYTES) {
    const payload = bytes.subarray(offset, offset + DATA_CHUNK_BYTES);
    frames.push(encodeDataFrame({ transfer: 0, offset, payload }));
  }
  return { weights, sha256: createHash('sha256').update(bytes).digest('hex'), frames };
}

/** Milliseconds of the clock that all processes of a machine share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A connection past its welcome. */
export interface Joined {
  readonly client: TestClient;
  readonly welcome: Extract<ServerMessage, { type: 'welcome' }>;
}

/** A plant without training: it reports what it is given and installs the reply, as fast as it can. */
export class ReportingPlant {
  readonly #client: TestClient;
  readonly #taskId: string;
  #base: WeightsOffer;

  private constructor(client: TestClient, taskId: string, base: WeightsOffer) {
    this.#client = client;
    this.#taskId = taskId;
    this.#base = base;
  }

  /** Connects as a new plant and takes its first weights as its base, without fetching them. */
  static async join(address: string): Promise<ReportingPlant> {
    return ReportingPlant.begin(await TestClient.join(address));
  }

  /** The same on a connection that is open already. */
  static async begin({ client, welcome }: Joined): Promise<ReportingPlant> {
    client.send({ type: 'weights/request', reason: 'first' });
    return new ReportingPlant(client, welcome.task.id, await client.expect('weights/offer'));
  }

  /** Reports one update, from its offer to the installed reply. */
  async report({ weights, sha256, frames }: PreparedUpdate): Promise<ReportTimes> {
    const { baseId, globalVersion } = this.#base;
    const base = { taskId: this.#taskId, baseId, baseVersion: globalVersion };
    const offered = nowMs();
    this.#client.send(updateOffer(base, weights, { sha256 }));
    const { transfer } = await this.#client.expect('update/resume');
    const resumed = nowMs();
    for (const [index, frame] of frames.entries()) {
      writeDataFrameHeader(frame, { transfer, offset: index * DATA_CHUNK_BYTES });
      this.#client.sendBinary(frame);
    }
    const flushed = this.#client.flushed().then(nowMs);
    await this.#client.expect('update/receipt');
    const receipted = nowMs();
    this.#base = await this.#client.expect('weights/offer');
    const answered = nowMs();
    await this.#install(this.#base);
    return { offered, resumed, sent: await flushed, receipted, answered, installed: nowMs() };
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** Hashes what comes while more is on its way. @throws Error when it is not what was offered */
  async #install({ baseId, sizeBytes, sha256 }: WeightsOffer): Promise<void> {
    this.#client.send({ type: 'weights/resume', baseId, offset: 0 });
    await this.#client.expect('weights/data');
    const hash = createHash('sha256');
    for (let held = 0; held < sizeBytes; ) {
      const { payload } = decodeDataFrame(await this.#client.expectData());
      hash.update(payload);
      // All plants of a bench live in one process, on the server's cores: their collections would slow it down.
      countReceivedMemory(payload.byteLength);
      held += payload.byteLength;
    }
    if (hash.digest('hex') !== sha256) throw new Error('the reply differs from its digest');
    this.#client.send({ type: 'weights/installed', baseId });
  }
}
