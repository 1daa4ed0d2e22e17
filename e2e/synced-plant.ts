import { DeviceStore } from '@genba/main/agent/identity/device-store';
import { FileKeyStore } from '@genba/main/agent/identity/key-store';
import { dialDirect } from '@genba/main/agent/network/dial';
import { ClientStore } from '@genba/main/agent/store/client-store';
import { openAgentDatabase } from '@genba/main/agent/store/database';
import { Ledger } from '@genba/main/agent/store/ledger';
import { Outbox } from '@genba/main/agent/store/outbox';
import { webSocketAddress } from '@genba/main/agent/sync/server-address';
import { SyncClient, type SyncOptions } from '@genba/main/agent/sync/sync-client';
import { seededRandom } from '@genba/shared/model/random';
import { pino } from 'pino';
import { expect } from 'vitest';

const DEADLINE_MS = 30_000;

/** An agent's own stores and sync, with a training that only moves the weights. */
export class SyncedPlant {
  readonly #folder: string;
  readonly #address: string;
  readonly #name: string;
  readonly #taskId: string;
  #database!: ReturnType<typeof openAgentDatabase>;
  #sync!: SyncClient;
  client!: ClientStore;
  outbox!: Outbox;
  ledger!: Ledger;
  /** What the aggregator asked for out of the ordinary, in order. */
  readonly notices: string[] = [];

  readonly #rates: SyncOptions['rates'];

  constructor(options: {
    dataFolder: string;
    address: string;
    name: string;
    taskId: string;
    rates?: SyncOptions['rates'];
  }) {
    this.#rates = options.rates;
    this.#folder = options.dataFolder;
    this.#address = options.address;
    this.#name = options.name;
    this.#taskId = options.taskId;
    this.open();
  }

  open(): void {
    this.#database = openAgentDatabase(this.#folder);
    this.client = new ClientStore(this.#database);
    this.outbox = new Outbox(this.#database);
    this.ledger = new Ledger(this.#database);
    this.ledger.closeAbandoned();
    const nothing = () => {};
    this.#sync = new SyncClient({
      where: {
        targets: [{ address: webSocketAddress(this.#address), anchor: null }],
        enrolledTask: null,
      },
      dial: dialDirect,
      rates: this.#rates,
      log: pino({ level: 'silent' }),
      context: {
        device: new DeviceStore(this.#database, new FileKeyStore(this.#folder)),
        onServerTime: nothing,
        client: this.client,
        outbox: this.outbox,
        ledger: this.ledger,
        dataFolder: this.#folder,
        appVersion: 'test',
        plantName: () => this.#name,
        taskId: () => this.#taskId,
        onWelcome: nothing,
        onChange: nothing,
        onReceipt: nothing,
        onInstalled: nothing,
        onSharedModel: nothing,
        onNotice: (notice) => this.notices.push(notice),
        onRefusal: nothing,
      },
    });
    this.#sync.start();
  }

  close(): void {
    this.#sync.stop();
    this.#database.close();
  }

  /** @param spread how far a weight moves at most, both ways together */
  train(seed: number, spread = 0.2): void {
    const startWeights = this.client.weights()!;
    const random = seededRandom(seed);
    const trainedWeights = startWeights.map((weight) => weight + (random() - 0.5) * spread);
    const figures = {
      loss: 1,
      validationAccuracy: null,
      scores: null,
      durationMs: 1,
      backend: 'test',
    };
    this.client.commitRound({ startWeights, trainedWeights, examples: 10, ...figures });
  }

  /** Resolves when it is connected and has weights. */
  async ready(): Promise<void> {
    await expect.poll(() => this.#sync.state, { timeout: DEADLINE_MS }).toBe('online');
    await expect.poll(() => this.client.base(), { timeout: DEADLINE_MS }).not.toBeNull();
  }

  /** What a PC restored from a copy of before may lack. */
  loseReference(): void {
    this.#database.exec("DELETE FROM weights WHERE name = 'reference'");
  }

  hasReference(): boolean {
    return this.#database.prepare("SELECT 1 FROM weights WHERE name = 'reference'").get() !== undefined;
  }

  /** Freezes what waits and offers it. */
  offer(): void {
    this.#sync.notify();
  }

  /** Resolves when nothing waits and the reply that makes this version is installed. */
  async installed(globalVersion: number): Promise<void> {
    const standing = () => [this.outbox.figures().updatesWaiting, this.client.base()!.globalVersion];
    await expect.poll(standing, { timeout: DEADLINE_MS }).toEqual([0, globalVersion]);
  }
}
