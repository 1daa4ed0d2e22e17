import type { X509Certificate } from 'node:crypto';

/** What the aggregator presents to who connects. */
export interface Presented {
  /** The chain as PEM, the server's own certificate first. */
  readonly chainPem: string;
  readonly keyPem: string;
  readonly certificate: X509Certificate;
  /** The top of the chain: what agents pin. */
  readonly anchor: X509Certificate;
}

/** Where the presented certificate comes from. */
export interface ServerCertificate {
  readonly presented: Presented;
  /**
   * Looks whether it is time for another certificate.
   * @returns what to present from now on; null where nothing changed
   * @throws AppError as the first one
   */
  renew(now: Date): Promise<Presented | null>;
}
