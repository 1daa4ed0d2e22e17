import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Link, type Trap, type Weather } from './link.ts';

/** How long a fault waits for a connection to strike, milliseconds. */
const WAIT_FOR_VICTIM_MS = 2_000;

/** How long an older connection waits for words that a newer one can overtake, milliseconds. */
const HELD_WITHIN_MS = 700;

/** How long the ends of a connection that was cut in half may go on with the other half, milliseconds. */
const HALF_MS = 400;

/**
 * A network that fails: a TCP proxy before one aggregator for one plant. Each method is one fault; it resolves when the
 * fault is over, with whether it struck anything.
 */
export class ChaosProxy {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #weather: Weather = { delayMs: 0, sliceBytes: null, traps: new Set(), slowedPieces: 0 };
  #isRefusing = false;
  #refused = 0;
  #newest: Link | null = null;
  #arrival = Promise.withResolvers<void>();

  private constructor(port: () => number) {
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      if (this.#isRefusing) {
        this.#refused += 1;
        near.resetAndDestroy();
        return;
      }
      const far = connect({ host: '127.0.0.1', port: port(), allowHalfOpen: true });
      const link = new Link(near, far, this.#weather);
      this.#links.add(link);
      this.#newest = link;
      void link.closed.then(() => this.#links.delete(link));
      this.#arrival.resolve();
      this.#arrival = Promise.withResolvers<void>();
    });
  }

  /** @param port of the aggregator behind it, on this computer */
  static async lay(port: () => number): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(port);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** No fault any more, and nothing left of earlier ones. */
  async close(): Promise<void> {
    for (const link of this.#links) link.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Breaks the connection without a goodbye. */
  async cut(): Promise<boolean> {
    const link = await this.#victim();
    link?.cut();
    return link !== null;
  }

  /** Ends the connection with a goodbye to both sides. */
  async end(): Promise<boolean> {
    const link = await this.#victim();
    await link?.end();
    return link !== null;
  }

  /** Ends one half: that side hears a goodbye, and may go on talking for a while. */
  async halfClose(side: 'near' | 'far'): Promise<boolean> {
    const link = await this.#victim();
    link?.[side].end();
    await Promise.race([link?.closed, sleep(HALF_MS)]);
    return link !== null;
  }

  /** Strikes the byte that comes after so many others: changes it, or cuts the connection before it. */
  async strike(blow: Omit<Trap, 'onSprung'>, waitMs = WAIT_FOR_VICTIM_MS): Promise<boolean> {
    return new Promise((resolve) => {
      const trap: Trap = { ...blow, onSprung: () => resolve(true) };
      this.#weather.traps.add(trap);
      setTimeout(() => {
        if (this.#weather.traps.delete(trap)) resolve(false);
      }, waitMs);
    });
  }

  /** Passes nothing on for a time, then all of it, or nothing ever: a black hole. */
  async silence(ms: number, isForEver: boolean): Promise<boolean> {
    const link = await this.#victim();
    link?.freeze();
    await Promise.race([link?.closed, sleep(ms)]);
    if (isForEver) link?.cut();
    else link?.thaw();
    return link !== null;
  }

  /**
   * Brings connections out of order: what the plant said on one reaches the aggregator only after the plant has opened
   * the next.
   */
  async overtake(): Promise<boolean> {
    const older = await this.#victim();
    if (older === null) return false;
    older.freeze();
    await Promise.race([older.held, older.closed, sleep(HELD_WITHIN_MS)]);
    older.near.resetAndDestroy();
    const newer = await this.#next(WAIT_FOR_VICTIM_MS);
    // The older one's last words come while the newer one is in its handshake, or well under way.
    if (newer !== null) await sleep(Math.min(300, newer.bytesUp));
    older.thaw();
    await sleep(50);
    older.cut();
    return newer !== null;
  }

  /** Makes every byte late for a time. */
  async delay(ms: number, delayMs: number): Promise<boolean> {
    this.#weather.delayMs = delayMs;
    return this.#slow(ms, () => {
      this.#weather.delayMs = 0;
    });
  }

  /** Lets only few bytes through at a time. */
  async throttle(ms: number, sliceBytes: number): Promise<boolean> {
    this.#weather.sliceBytes = sliceBytes;
    return this.#slow(ms, () => {
      this.#weather.sliceBytes = null;
    });
  }

  /** Refuses new connections for a time; those that are open stay. */
  async refuse(ms: number): Promise<boolean> {
    const before = this.#refused;
    this.#isRefusing = true;
    this.#newest?.cut();
    await sleep(ms);
    this.#isRefusing = false;
    return this.#refused > before;
  }

  async #slow(ms: number, end: () => void): Promise<boolean> {
    const before = this.#weather.slowedPieces;
    await sleep(ms);
    end();
    return this.#weather.slowedPieces > before;
  }

  async #victim(): Promise<Link | null> {
    if (this.#newest?.isOpen) return this.#newest;
    return this.#next(WAIT_FOR_VICTIM_MS);
  }

  async #next(ms: number): Promise<Link | null> {
    const arrived = this.#arrival.promise.then(() => this.#newest);
    return Promise.race([arrived, sleep(ms, null)]);
  }
}
