import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calibrationGroups } from '@genba/shared/federation/groups';
import { calibrateOnClient } from '@genba/shared/federation/strategies/calibrate-on-client';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import { decodeDataFrame } from '@genba/shared/protocol/data-frame';
import type { ServerMessage, UpdateOffer, WeightsOffer } from '@genba/shared/protocol/messages';
import { bytesOf, sha256, trained, weightsOf } from '../fixtures.ts';
import { TestClient, updateOffer } from '../test-client.ts';

/** Moments of a plant's conversation, in order. */
export const PLANT_MOMENTS = [
  'plant: about to offer',
  'plant: hears where to go on',
  'plant: has sent all data',
  'plant: hears the receipt',
  'plant: hears of weights',
  'plant: has the weights',
  'plant: has installed them',
] as const;

export type PlantMoment = (typeof PLANT_MOMENTS)[number];

interface Base {
  readonly baseId: string;
  readonly globalVersion: number;
  /** S_m. */
  readonly weights: string;
  /** G_τ, where the plant calibrates by itself. */
  readonly reference: string | null;
}

/** What a plant keeps over a crash. */
interface Memory {
  base: Base | null;
  /** An update without an installed reply, with its bytes. */
  pending: { readonly offer: UpdateOffer; readonly weights: string } | null;
  /** Number of the last report begun. */
  lastReport: number;
  /** Ids of updates with a receipt. */
  receipts: string[];
}

/** Where a plant and the server are, and who is told what happens. */
export interface PlantSurroundings {
  readonly folder: string;
  readonly task: Task;
  readonly address: string;
  /** Resolves when the server has applied all it received. */
  readonly whenIdle: () => Promise<void>;
  readonly onMoment: (moment: PlantMoment) => void;
}

/** A plant whose reports are the same each time, and that goes on after a crash of itself, of the server, or both. */
export class RememberingPlant {
  readonly #name: string;
  readonly #surroundings: PlantSurroundings;
  readonly #path: string;
  readonly #memory: Memory;
  #report = -1;
  #download: { offer: WeightsOffer; bytes: Uint8Array; position: number } | null = null;
  #isHeard = false;
  /** Questions whether that is all that have no answer yet. */
  #questions = 0;
  #isDone = false;

  constructor(name: string, surroundings: PlantSurroundings) {
    this.#name = name;
    this.#surroundings = surroundings;
    this.#path = join(surroundings.folder, `${name}.json`);
    this.#memory = remembered(surroundings.folder, name);
  }

  /** Makes one report, or finishes it; ends when the server has nothing more to say about it. */
  async report(number: number): Promise<void> {
    this.#report = number;
    this.#isDone = false;
    this.#questions = 0;
    this.#isHeard = this.#memory.lastReport >= number && this.#memory.pending === null;
    const { address, task } = this.#surroundings;
    const client = await TestClient.dial(address, uuidOf(this.#name));
    client.send(client.hello({ taskId: task.id, plantName: this.#name }));
    while (!this.#isDone) {
      const received = await client.next();
      if ('data' in received) this.#onData(client, received.data);
      else await this.#onMessage(client, received.message);
    }
    await client.close();
  }

  async #onMessage(client: TestClient, message: ServerMessage): Promise<void> {
    const { base, pending, receipts } = this.#memory;
    switch (message.type) {
      case 'welcome':
        if (pending !== null) this.#offer(client);
        else if (message.baseId === null) client.send({ type: 'weights/request', reason: 'first' });
        else if (message.baseId === base?.baseId) await this.#goOn(client);
        return;
      case 'update/resume':
        this.#tell('plant: hears where to go on');
        client.sendWeights({ ...message, from: message.offset, weights: decoded(pending!.weights) });
        this.#tell('plant: has sent all data');
        return;
      case 'update/receipt':
        if (!receipts.includes(message.updateId)) receipts.push(message.updateId);
        this.#keep();
        this.#tell('plant: hears the receipt');
        this.#isHeard = this.#memory.lastReport === this.#report;
        await this.#goOn(client);
        return;
      case 'weights/offer':
        // The same weights may be offered at the welcome and again after a repeated receipt.
        if (this.#download?.offer.baseId === message.baseId) return;
        if (base?.baseId === message.baseId) return this.#confirm(client);
        this.#tell('plant: hears of weights');
        this.#download = { offer: message, bytes: new Uint8Array(message.sizeBytes), position: 0 };
        client.send({ type: 'weights/resume', baseId: message.baseId, offset: 0 });
        return;
      case 'weights/data':
        return;
      case 'error':
        // The answer to the question of #askWhetherThatIsAll; anything else is none.
        if (message.code !== 'protocol/unexpected-message') throw new Error(JSON.stringify(message));
        this.#questions--;
        if (this.#questions === 0 && this.#download === null) this.#isDone = true;
    }
  }

  #onData(client: TestClient, bytes: Uint8Array): void {
    const { offset, payload } = decodeDataFrame(bytes);
    const download = this.#download!;
    if (offset !== download.position) throw new Error(`data at ${offset}, expected ${download.position}`);
    download.bytes.set(payload, offset);
    download.position += payload.byteLength;
    const { offer } = download;
    if (download.position < offer.sizeBytes) return;
    if (sha256(download.bytes) !== offer.sha256) throw new Error('weights differ from their digest');
    this.#tell('plant: has the weights');
    this.#download = null;
    this.#memory.base = this.#nextBase(offer, weightsOf(download.bytes));
    if (offer.updateId === this.#memory.pending?.offer.updateId) this.#memory.pending = null;
    this.#keep();
    void this.#confirm(client);
  }

  async #confirm(client: TestClient): Promise<void> {
    client.send({ type: 'weights/installed', baseId: this.#memory.base!.baseId });
    this.#tell('plant: has installed them');
    await this.#goOn(client);
  }

  #nextBase({ baseId, globalVersion, use, mixingWeight }: WeightsOffer, weights: Float32Array): Base {
    const base = { baseId, globalVersion };
    const half = weights.length / 2;
    switch (use) {
      case 'install':
        return { ...base, weights: encoded(weights), reference: null };
      case 'install-as-reference':
        return { ...base, weights: encoded(weights), reference: encoded(weights) };
      case 'install-and-reference': {
        const reference = encoded(weights.slice(half));
        return { ...base, weights: encoded(weights.slice(0, half)), reference };
      }
      case 'calibrate': {
        const { base: earlier, pending } = this.#memory;
        const next = calibrateOnClient(
          { kind: 'calibrate', globalWeights: weights, mixingWeight: mixingWeight! },
          decoded(pending!.weights),
          { startWeights: decoded(earlier!.weights), averageAtBase: decoded(earlier!.reference!) },
          calibrationGroups(weightLayout(this.#surroundings.task), 'layer'),
        );
        return { ...base, weights: encoded(next.startWeights), reference: encoded(next.averageAtBase) };
      }
    }
  }

  async #goOn(client: TestClient): Promise<void> {
    if (this.#memory.lastReport < this.#report) {
      if (this.#memory.pending === null) this.#begin(client);
      return;
    }
    if (!this.#isHeard) return;
    await this.#surroundings.whenIdle();
    this.#askWhetherThatIsAll(client);
  }

  /** A second hello is refused after all that was to be said before. */
  #askWhetherThatIsAll(client: TestClient): void {
    this.#questions++;
    client.send(client.hello());
  }

  #begin(client: TestClient): void {
    const { baseId, globalVersion, weights: base } = this.#memory.base!;
    const weights = trained(decoded(base), this.#report);
    const offer = updateOffer(
      { taskId: this.#surroundings.task.id, baseId, baseVersion: globalVersion },
      weights,
      { updateId: uuidOf(`update ${this.#report}`) },
    );
    this.#memory.pending = { offer, weights: encoded(weights) };
    this.#memory.lastReport = this.#report;
    this.#keep();
    this.#offer(client);
  }

  #offer(client: TestClient): void {
    this.#tell('plant: about to offer');
    client.send(this.#memory.pending!.offer);
  }

  #tell(moment: PlantMoment): void {
    this.#surroundings.onMoment(moment);
  }

  #keep(): void {
    writeFileSync(`${this.#path}.new`, JSON.stringify(this.#memory));
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** What a plant of this name has kept in a folder. */
export function remembered(folder: string, name: string): Memory {
  mkdirSync(folder, { recursive: true });
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Memory;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    return { base: null, pending: null, lastReport: -1, receipts: [] };
  }
}

/** An id that is the same each time. */
function uuidOf(text: string): string {
  const hex = sha256(new TextEncoder().encode(text));
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
  return [...parts, hex.slice(20, 32)].join('-');
}

function encoded(weights: Float32Array): string {
  return Buffer.from(bytesOf(weights)).toString('base64');
}

function decoded(text: string): Float32Array {
  return weightsOf(Uint8Array.from(Buffer.from(text, 'base64')));
}
