import type { AppError } from '@genba/shared/errors/app-error';
import type { Finding } from '@genba/shared/federation/screening/finding';
import type { Stepped } from './merge-runner.ts';

/** How an update ended. */
export type Ended =
  | { readonly kind: 'applied'; readonly figures: Stepped['figures']; readonly measured: Stepped['measured'] }
  | { readonly kind: 'quarantined'; readonly finding: Finding }
  | { readonly kind: 'set-aside'; readonly code: AppError['code'] }
  /** It cannot be merged any more because of what the server has lost: its client has to start anew. */
  | { readonly kind: 'reset' }
  /** It stays journaled until its client has sent this again. */
  | { readonly kind: 'blocked'; readonly lacks: 'update' | 'start-weights' };
