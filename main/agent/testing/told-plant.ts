import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AppError } from '@genba/shared/errors/app-error';
import { weightLayout } from '@genba/shared/model/layout';
import { DATA_CHUNK_BYTES, PROTOCOL_VERSION } from '@genba/shared/protocol/limits';
import type { ServerMessage } from '@genba/shared/protocol/messages';
import { pino } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { DeviceStore } from '../identity/device-store.ts';
import { FileKeyStore } from '../identity/key-store.ts';
import { dialDirect } from '../network/dial.ts';
import { ClientStore } from '../store/client-store.ts';
import { type AgentDatabase, openAgentDatabase } from '../store/database.ts';
import { Ledger } from '../store/ledger.ts';
import { Outbox } from '../store/outbox.ts';
import { SyncClient } from '../sync/sync-client.ts';
import { TEST_TASK } from './test-aggregator.ts';

/** One WebSocket message. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly isBinary: boolean;
}

/** Lets the plant in, on this computer. */
export const WELCOME: ServerMessage = {
  type: 'welcome',
  protocol: PROTOCOL_VERSION,
  task: TEST_TASK,
  globalVersion: 3,
  dataChunkBytes: DATA_CHUNK_BYTES,
  baseId: null,
  security: 'open-loopback',
};

export const said = (message: ServerMessage): Frame => ({
  bytes: Buffer.from(JSON.stringify(message)),
  isBinary: false,
});

/** A plant that hears, in one conversation after the other, whatever a test wants to tell it; over real sockets. */
export class ToldPlant {
  readonly client: ClientStore;
  readonly outbox: Outbox;
  /** What it would show. */
  readonly refusals: AppError['code'][] = [];
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'genba-told-'));
  readonly #database: AgentDatabase = openAgentDatabase(this.#folder);
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.client = new ClientStore(this.#database);
    this.outbox = new Outbox(this.#database);
  }

  static async open(): Promise<ToldPlant> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return new ToldPlant(server);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    this.#database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Gives it first weights and rounds; the first of them is an update on its way. */
  train(rounds: number): void {
    const { size } = weightLayout(TEST_TASK);
    this.client.saveTask(TEST_TASK);
    const first = { baseId: randomUUID(), globalVersion: 3, staleness: null, updateId: null };
    this.client.install({ ...first, weights: new Float32Array(size).fill(0.5) });
    const figures = { loss: 1, validationAccuracy: 0.5, scores: null, durationMs: 1, backend: 'cpu' };
    for (let round = 1; round <= rounds; round++) {
      const startWeights = this.client.weights()!;
      const trainedWeights = new Float32Array(size).fill(round);
      this.client.commitRound({ startWeights, trainedWeights, examples: 10, ...figures });
      if (round === 1) this.outbox.next();
    }
  }

  /** A digest of everything that it has stored, table by table. */
  stored(): string {
    const tables = this.#database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .pluck()
      .all() as string[];
    const rows = tables.map((table) => [
      table,
      this.#database.prepare(`SELECT * FROM "${table}" ORDER BY 1`).raw().all(),
    ]);
    return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
  }

  /** Lets it say hello and tells it something; resolves when it has dealt with all of it, or has hung up. */
  async hear(frames: readonly Frame[]): Promise<void> {
    const connection = once(this.#server, 'connection') as Promise<[WebSocket]>;
    const sync = this.#sync();
    sync.start();
    const [socket] = await connection;
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    await once(socket, 'message');
    for (const { bytes, isBinary } of frames) socket.send(bytes, { binary: isBinary });
    // It answers in order: with the pong all of it is behind it.
    socket.ping();
    await Promise.race([once(socket, 'pong'), closed]);
    sync.stop();
    await closed;
  }

  /**
   * Says the same to it on every connection that it opens.
   * @returns how many it opened in so many milliseconds
   */
  async connectionsWithin(ms: number, frames: readonly Frame[]): Promise<number> {
    let connections = 0;
    const answer = (socket: WebSocket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.once('message', () => {
        for (const { bytes, isBinary } of frames) socket.send(bytes, { binary: isBinary });
      });
    };
    this.#server.on('connection', answer);
    const sync = this.#sync();
    sync.start();
    await new Promise((resolve) => setTimeout(resolve, ms));
    sync.stop();
    this.#server.off('connection', answer);
    return connections;
  }

  /**
   * Is told the same again and again by an aggregator that reads no answer; resolves when the plant has hung up.
   * @returns how often it was told
   */
  async hearWithoutEnd(first: readonly Frame[], again: Frame, most: number): Promise<number> {
    const connection = once(this.#server, 'connection') as Promise<[WebSocket]>;
    const sync = this.#sync();
    sync.start();
    const [socket] = await connection;
    let isGone = false;
    socket.on('error', () => {
      isGone = true;
    });
    await once(socket, 'message');
    for (const { bytes, isBinary } of first) socket.send(bytes, { binary: isBinary });
    socket.pause();
    let told = 0;
    for (; told < most && !isGone && socket.readyState === socket.OPEN; told++) {
      const taken = new Promise<void>((resolve) => {
        socket.send(again.bytes, { binary: again.isBinary }, () => resolve());
      });
      if (socket.bufferedAmount > DATA_CHUNK_BYTES) await taken;
    }
    sync.stop();
    socket.terminate();
    return told;
  }

  #sync(): SyncClient {
    const { port } = this.#server.address() as AddressInfo;
    const nothing = () => undefined;
    return new SyncClient({
      where: { targets: [{ address: `ws://127.0.0.1:${port}/genba`, anchor: null }], enrolledTask: null },
      dial: dialDirect,
      log: pino({ level: 'silent' }),
      context: {
        device: new DeviceStore(this.#database, new FileKeyStore(this.#folder)),
        client: this.client,
        outbox: this.outbox,
        ledger: new Ledger(this.#database),
        dataFolder: this.#folder,
        appVersion: '0.0.0',
        plantName: () => '仙台',
        taskId: () => null,
        onServerTime: nothing,
        onWelcome: nothing,
        onChange: nothing,
        onReceipt: nothing,
        onNotice: nothing,
        onInstalled: nothing,
        onSharedModel: nothing,
        onRefusal: (error) => this.refusals.push(error.code),
      },
    });
  }
}
