/**
 * What no server can beat: takes the same bytes over plain TCP, makes the same files and commits durable with as many
 * syncs, and sends as many bytes back. No frames, no digests, no arithmetic. Started by `RawLimit`.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { syncFolder } from '../aggregator-server/store/durable-file.ts';
import { cpuMs } from './figures.ts';
import type { RawLimitStart } from './raw-limit.ts';

const { folder, sizeBytes } = JSON.parse(process.argv[2]!) as RawLimitStart;
const reply = Buffer.alloc(sizeBytes, 7);
const database = new Sqlite(join(folder, 'catalogue.sqlite'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT) STRICT');
const insert = database.prepare('INSERT INTO entry (text) VALUES (?)');
/** About what an update's rows hold. */
const ROW = 'x'.repeat(600);
let lastFile = 0;

/** Makes a written file durable under its name, in a folder of its own as a store with 256 of them nearly always does. */
async function name(handle: FileHandle, path: string): Promise<string> {
  await handle.datasync();
  await handle.close();
  const target = join(folder, String(++lastFile % 256), `${lastFile}`);
  await mkdir(join(target, '..'), { recursive: true });
  await rename(path, target);
  await syncFolder(join(target, '..'));
  return target;
}

async function store(bytes: Buffer): Promise<string> {
  const path = join(folder, `result-${++lastFile}`);
  const handle = await open(path, 'wx');
  await handle.writeFile(bytes);
  return name(handle, path);
}

/** One client after another's update: bytes in, receipt, two results, bytes out, confirmation. */
class Exchange {
  readonly #socket: Socket;
  #obsolete: string[] = [];
  #file: Promise<{ handle: FileHandle; path: string }>;
  #writes: Promise<unknown> = Promise.resolve();
  #held = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#file = this.#begin();
    socket.on('data', (piece) => this.#onData(piece as Buffer));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => void this.#file.then(({ handle }) => handle.close()));
  }

  async #begin(): Promise<{ handle: FileHandle; path: string }> {
    const path = join(folder, `part-${++lastFile}`);
    return { handle: await open(path, 'wx'), path };
  }

  #onData(piece: Buffer): void {
    if (this.#held === sizeBytes) {
      // The one byte that confirms; the next update may come right behind it.
      insert.run(ROW);
      this.#held = 0;
      this.#file = this.#begin();
      if (piece.byteLength > 1) this.#onData(piece.subarray(1));
      return;
    }
    const position = this.#held;
    this.#held += piece.byteLength;
    const file = this.#file;
    this.#writes = Promise.all([
      this.#writes,
      file.then(({ handle }) => handle.write(piece, 0, piece.byteLength, position)),
    ]);
    if (this.#held === sizeBytes) void this.#answer();
  }

  async #answer(): Promise<void> {
    await this.#writes;
    this.#writes = Promise.resolve();
    const { handle, path } = await this.#file;
    const update = await name(handle, path);
    insert.run(ROW);
    this.#socket.write('R');
    const results = await Promise.all([store(reply), store(reply)]);
    insert.run(ROW);
    this.#socket.write(reply);
    const old = [update, ...this.#obsolete];
    this.#obsolete = results;
    await Promise.all(old.map((each) => rm(each)));
  }
}

const server = createServer({ noDelay: true }, (socket) => new Exchange(socket));
server.listen({ host: '127.0.0.1', port: 0 }, () => process.send?.(server.address()));
process.on('message', () => process.send?.(cpuMs()));
process.once('disconnect', () => {
  server.close();
  database.close();
});
