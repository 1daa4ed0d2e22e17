import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** How often a throttled direction moves bytes, milliseconds. */
const TICK_MS = 5;

export interface CuttingProxyOptions {
  /** Where it leads to, on 127.0.0.1. */
  readonly port: number;
  /** How long a connection lasts, milliseconds; left out: for ever. */
  readonly cutAfterMs?: number;
  /** What the link carries in each direction. */
  readonly bytesPerSecond: number;
}

/**
 * A link as plants know them: of limited speed, and cut again and again. What is under way at a cut is lost. It counts
 * what it carries.
 */
export class CuttingProxy {
  cuts = 0;
  /** Carries nothing more, and closes nothing: a cable pulled somewhere in the middle. */
  isSilent = false;
  /** Which ends have given a silent connection up. */
  readonly givenUp = { agent: false, aggregator: false };
  /** Carried up to the aggregator, and down, bytes. */
  up = 0;
  down = 0;
  readonly #options: CuttingProxyOptions;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  static async start(options: CuttingProxyOptions): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(options: CuttingProxyOptions) {
    this.#options = options;
    this.#server = createServer((near) => this.#carry(near));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.isSilent = false;
    for (const socket of this.#open) socket.destroy();
  }

  #carry(near: Socket): void {
    const far = connect(this.#options.port, '127.0.0.1');
    const cut = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      this.#open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#open.delete(socket);
        if (this.isSilent) this.givenUp[socket === near ? 'agent' : 'aggregator'] = true;
        else cut();
      });
    }
    const { cutAfterMs } = this.#options;
    if (cutAfterMs !== undefined) {
      const timer = setTimeout(() => {
        this.cuts += 1;
        cut();
      }, cutAfterMs);
      near.once('close', () => clearTimeout(timer));
    }
    this.#pump(near, far, (bytes) => {
      this.up += bytes;
    });
    this.#pump(far, near, (bytes) => {
      this.down += bytes;
    });
  }

  /** Moves at most what the link carries; what it does not take stays with the sender. */
  #pump(from: Socket, to: Socket, count: (bytes: number) => void): void {
    let allowance = 0;
    let lastMs = performance.now();
    const timer = setInterval(() => {
      const nowMs = performance.now();
      const perMs = this.#options.bytesPerSecond / 1000;
      // No saving up: an idle link is not faster afterwards.
      allowance = Math.min(allowance + (nowMs - lastMs) * perMs, 10 * TICK_MS * perMs);
      lastMs = nowMs;
      if (this.isSilent) from.read();
      if (this.isSilent || allowance < 1 || to.writableLength > 0) return;
      const wanted = Math.min(Math.floor(allowance), from.readableLength);
      // Reading nothing has the stream fetch more.
      const chunk = from.read(wanted) as Buffer | null;
      if (chunk === null) return;
      allowance -= chunk.byteLength;
      count(chunk.byteLength);
      to.write(chunk);
    }, TICK_MS);
    from.on('end', () => {
      if (!this.isSilent) to.end();
    });
    // Not flowing: it is read when the link has room.
    from.on('readable', () => undefined);
    from.once('close', () => clearInterval(timer));
  }
}
