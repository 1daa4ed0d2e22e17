import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';

export interface RawLimitStart {
  readonly folder: string;
  /** Of an update and of its reply. */
  readonly sizeBytes: number;
}

/** The program of `raw-limit-child.ts`, in a process of its own. */
export class RawLimit {
  readonly #child: ChildProcess;
  readonly #port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(start: RawLimitStart): Promise<RawLimit> {
    const child = fork(join(import.meta.dirname, 'raw-limit-child.ts'), [JSON.stringify(start)]);
    const [{ port }] = (await once(child, 'message')) as [AddressInfo];
    return new RawLimit(child, port);
  }

  /** Opens a connection. */
  async connect(): Promise<RawPlant> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    await once(socket, 'connect');
    return new RawPlant(socket);
  }

  /** Processor time of all its threads since its start, milliseconds. */
  async cpuMs(): Promise<number> {
    this.#child.send('cpu');
    const [spent] = (await once(this.#child, 'message')) as [number];
    return spent;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

/** A client of the limit. */
export class RawPlant {
  readonly #socket: Socket;
  #awaited = 0;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece) => {
      this.#awaited -= piece.byteLength;
      if (this.#awaited <= 0) this.#wake();
    });
  }

  /** Sends an update, waits for receipt and reply, and confirms. */
  async report(bytes: Uint8Array): Promise<void> {
    // A receipt of one byte, and a reply.
    this.#awaited = 1 + bytes.byteLength;
    const arrived = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#socket.write(bytes);
    await arrived;
    this.#socket.write('I');
  }

  close(): void {
    this.#socket.destroy();
  }
}
