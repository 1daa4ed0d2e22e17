import { toAppError } from '@genba/shared/errors/app-error';
import type { Logger } from 'pino';
import { addressOf, LOCAL_NAMES, reachableHosts } from './addresses.ts';
import { daysLeft, fingerprintOf } from './certificates.ts';
import { GivenCertificate } from './given-certificate.ts';
import { hostOf } from './host-names.ts';
import { OwnCertificate, RENEWAL_DAYS } from './own-certificate.ts';
import type { EnrolledSecurity } from './security.ts';
import type { Presented, ServerCertificate } from './server-certificate.ts';
import { readServing, type Serving, writeServing } from './serving-file.ts';

/** How often it is looked whether another certificate is due, milliseconds. */
const RENEWAL_CHECK_MS = 60 * 60 * 1000;

export interface TlsDoorOptions {
  readonly security: EnrolledSecurity;
  /** Folder of authority, certificate and addresses. */
  readonly folder: string;
  /** What the aggregator listens on; undefined is everything. */
  readonly host: string | undefined;
  readonly log: Logger;
  readonly now?: () => Date;
}

/** The certificate of a running aggregator, and how plants find it. */
export class TlsDoor {
  readonly #options: TlsDoorOptions;
  readonly #certificate: ServerCertificate;
  readonly #hosts: readonly string[];
  readonly #now: () => Date;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: TlsDoorOptions, hosts: readonly string[], certificate: ServerCertificate) {
    this.#options = options;
    this.#hosts = hosts;
    this.#certificate = certificate;
    this.#now = options.now ?? (() => new Date());
  }

  /** @throws AppError `startup/tls-*`, `store/damaged`, `server/storage` */
  static async open(options: TlsDoorOptions): Promise<TlsDoor> {
    const { security, folder, host, now = () => new Date() } = options;
    const { addresses, certificate: files } = security;
    const hosts = addresses?.map(hostOf) ?? reachableHosts(host);
    if (files !== undefined) {
      // Hosts that we found out ourselves bind nobody: IT's certificate says what the right ones are.
      const certificate = await GivenCertificate.open(files, addresses?.map(hostOf) ?? [], now());
      return new TlsDoor(options, hosts, certificate);
    }
    const names = [...new Set([...hosts, ...LOCAL_NAMES])];
    return new TlsDoor(options, hosts, await OwnCertificate.open(folder, names, now()));
  }

  get presented(): Presented {
    return this.#certificate.presented;
  }

  /**
   * Writes down how the aggregator is reached, for commands beside it.
   * @param port the one really taken
   * @throws AppError `server/storage`, `store/damaged`
   */
  async publish(port: number): Promise<Serving> {
    const { folder, security, log } = this.#options;
    const addresses = security.addresses ?? this.#hosts.map((host) => addressOf(host, port));
    const serving = { addresses: [...addresses], certificate: fingerprintOf(this.presented.anchor) };
    const before = await readServing(folder);
    if (before !== null && before.certificate !== serving.certificate) {
      const change = { before: before.certificate, now: serving.certificate };
      log.warn(change, 'another certificate to trust: devices enrolled before must enrol again');
    }
    await writeServing(folder, serving);
    return serving;
  }

  /** Looks from time to time whether another certificate is due. @param present told of each new one */
  keepRenewing(present: (presented: Presented) => void): void {
    this.#timer = setInterval(() => void this.renew(present), RENEWAL_CHECK_MS);
    this.#timer.unref();
    this.#warnOfEnd();
  }

  /** Looks once. What fails is logged, and the present certificate stays. */
  async renew(present: (presented: Presented) => void): Promise<void> {
    try {
      const next = await this.#certificate.renew(this.#now());
      if (next === null) return;
      present(next);
      this.#options.log.info({ validTo: next.certificate.validToDate }, 'certificate renewed');
    } catch (thrown) {
      const { code, detail } = toAppError(thrown);
      this.#options.log.error({ code, detail }, 'certificate not renewed');
    } finally {
      this.#warnOfEnd();
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #warnOfEnd(): void {
    const { certificate } = this.presented;
    if (daysLeft(certificate, this.#now()) >= RENEWAL_DAYS) return;
    this.#options.log.warn({ validTo: certificate.validToDate }, 'certificate ends soon');
  }
}
