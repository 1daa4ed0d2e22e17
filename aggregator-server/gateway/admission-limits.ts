import { createHmac, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { REPLY_DEADLINE_MS } from '@genba/shared/protocol/limits';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { ipBytes } from '../identity/host-names.ts';

/** What strangers may cost. Many plants may share one address, so only failures are counted strictly. */
export interface AdmissionLimits {
  /** Failed handshakes of one address (IPv6: one /64 network) until it is answered 429. */
  readonly failuresPerAddress: number;
  /** Time in which they are counted, from the first one, seconds. */
  readonly failureWindowS: number;
  /** Unknown enrolment codes from all addresses together until no code is tried any more. */
  readonly unknownCodes: number;
  /** Time in which they are counted, from the first one, seconds. */
  readonly unknownCodeWindowS: number;
  /** Connections without a welcome, all together. */
  readonly pendingConnections: number;
  /** Connections without a welcome from one address (IPv6: one /64 network). */
  readonly pendingPerAddress: number;
  /** Offers of one device in a minute. */
  readonly offersPerMinute: number;
  /** How long `hello` may take, and again the answer to the challenge, milliseconds. */
  readonly handshakeMs: number;
}

export const DEFAULT_ADMISSION_LIMITS: AdmissionLimits = {
  failuresPerAddress: 60,
  failureWindowS: 300,
  unknownCodes: 100,
  unknownCodeWindowS: 600,
  pendingConnections: 1024,
  pendingPerAddress: 256,
  offersPerMinute: 120,
  handshakeMs: REPLY_DEADLINE_MS,
};

/**
 * Failures that may be an attack. Not those of a device that has shown a key or code of ours, such as one that was
 * locked out: it tries again for ever, and must not lock out its neighbours.
 */
const COUNTED_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'protocol/hello-expected',
  'protocol/bad-message',
  'protocol/frame-too-large',
  'identity/proof-expected',
  'identity/stale-proof',
  'identity/channel-mismatch',
  'identity/bad-signature',
  'identity/unknown-key',
  'identity/code-unknown',
]);

/** How many addresses are told apart; more share a count. Bounds the memory that strangers can use up. */
const ADDRESS_SLOTS = 65_536;

const SECONDS_PER_MINUTE = 60;
const IPV6_NETWORK_BYTES = 8;
const GLOBAL = 'all';

/** Keeps count of what {@link AdmissionLimits} limits, but for connections. */
export class AdmissionCounts {
  readonly #failures: RateLimiterMemory;
  readonly #unknownCodes: RateLimiterMemory;
  readonly #offers: RateLimiterMemory;
  /** Keyed by a secret, so that nobody can choose to share a slot with somebody else. */
  readonly #salt = randomBytes(16);

  constructor(limits: AdmissionLimits) {
    const { failuresPerAddress, failureWindowS, unknownCodes, unknownCodeWindowS, offersPerMinute } = limits;
    this.#failures = new RateLimiterMemory({ points: failuresPerAddress, duration: failureWindowS });
    this.#unknownCodes = new RateLimiterMemory({ points: unknownCodes, duration: unknownCodeWindowS });
    this.#offers = new RateLimiterMemory({ points: offersPerMinute, duration: SECONDS_PER_MINUTE });
  }

  /** How long an address has to wait after its failures, whole seconds; null when it need not. */
  async waitS(remoteAddress: string): Promise<number | null> {
    const count = await this.#failures.get(this.#slotOf(remoteAddress));
    if (count === null || count.consumedPoints < this.#failures.points) return null;
    return Math.max(1, Math.ceil(count.msBeforeNext / 1000));
  }

  /** Counts a handshake that was refused. */
  async countFailure(code: ErrorCode, remoteAddress: string): Promise<void> {
    if (COUNTED_FAILURES.has(code)) await this.#failures.penalty(this.#slotOf(remoteAddress));
    if (code === 'identity/code-unknown') await this.#unknownCodes.penalty(GLOBAL);
  }

  /** @throws AppError `server/too-many-requests` while too many codes were guessed */
  async requireGuess(): Promise<void> {
    const count = await this.#unknownCodes.get(GLOBAL);
    if (count !== null && count.consumedPoints >= this.#unknownCodes.points) {
      throw new AppError('server/too-many-requests', { detail: 'unknown enrolment codes' });
    }
  }

  /** Counts an offer. @throws AppError `server/too-many-requests` */
  async countOffer(deviceId: string): Promise<void> {
    const count = await this.#offers.consume(deviceId).catch((spent: RateLimiterRes) => spent);
    if (count.consumedPoints > this.#offers.points) {
      const detail = `more than ${this.#offers.points} offers in a minute`;
      throw new AppError('server/too-many-requests', { detail });
    }
  }

  #slotOf(remoteAddress: string): string {
    const digest = createHmac('sha256', this.#salt).update(networkOf(remoteAddress)).digest();
    return `${digest.readUInt32BE() % ADDRESS_SLOTS}`;
  }
}

/** What counts as one address: an IPv4 address, or the /64 network of an IPv6 address, which one user owns whole. */
export function networkOf(remoteAddress: string): string {
  const address = remoteAddress.replace(/^::ffff:(?=[\d.]+$)/i, '');
  if (!isIPv6(address)) return address;
  const network = ipBytes(address.replace(/%.*$/, ''))!.subarray(0, IPV6_NETWORK_BYTES);
  return `${Buffer.from(network).toString('hex')}/64`;
}
