import type { AdmissionLimits } from '../gateway/admission-limits.ts';
import type { GivenFiles } from './given-certificate.ts';

/** Only devices that have enrolled are let in, over TLS. */
export interface EnrolledSecurity {
  readonly kind: 'enrolled';
  /**
   * `wss://HOST:PORT` as plants reach it, best first; found out when left out. Port 0 stands for the one really
   * taken.
   */
  readonly addresses?: readonly string[];
  /** IT's certificate; one of the aggregator's own authority when left out. */
  readonly certificate?: GivenFiles;
  /** Each is its default when left out. */
  readonly limits?: Partial<AdmissionLimits>;
}

/** Everybody on this computer is let in, without TLS; for demos and tests. */
export interface OpenLoopback {
  readonly kind: 'open-loopback';
}

export type Security = EnrolledSecurity | OpenLoopback;
