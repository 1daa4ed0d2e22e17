import type { ErrorCode } from '../errors/catalogue.ts';

/** Why an aggregator does not believe a device. None of these passes by itself: somebody has to do something. */
export const IDENTITY_REFUSALS = [
  'identity/not-enrolled',
  'identity/proof-expected',
  'identity/stale-proof',
  'identity/channel-mismatch',
  'identity/bad-signature',
  'identity/unknown-key',
  'identity/revoked',
  'identity/wrong-device',
  'identity/code-unknown',
  'identity/code-expired',
  'identity/code-spent',
  'identity/already-enrolled',
] as const satisfies readonly ErrorCode[];

export type IdentityRefusal = (typeof IDENTITY_REFUSALS)[number];

const REFUSALS: ReadonlySet<ErrorCode> = new Set(IDENTITY_REFUSALS);

/** Whether a code says that the device, not the conversation, was refused. */
export function isIdentityRefusal(code: ErrorCode): code is IdentityRefusal {
  return REFUSALS.has(code);
}
