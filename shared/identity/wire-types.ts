import { z } from 'zod';

/** Bytes of a challenge's nonce, of a channel binding and of a raw Ed25519 public key. */
export const NONCE_BYTES = 32;
export const CHANNEL_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;

/**
 * Label of the TLS exporter (RFC 5705, RFC 8446 section 7.5) whose {@link CHANNEL_BYTES} bytes, without a context,
 * bind a proof to its connection. Both ends of one TLS connection derive the same bytes; nobody between them can.
 */
export const CHANNEL_LABEL = 'EXPORTER-genba-v1';

/** How an aggregator lets agents in: by keys over TLS, or anybody on this computer, for demos and tests. */
export const SECURITY_MODES = ['enrolled', 'open-loopback'] as const;
export type SecurityMode = (typeof SECURITY_MODES)[number];

/** 32 bytes as base64url without padding, in their one canonical form. */
export const base64url32 = z
  .string()
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, '32 bytes as base64url without padding');

/** An Ed25519 signature: 64 bytes as base64url without padding, in their one canonical form. */
export const signature = z
  .string()
  .regex(/^[A-Za-z0-9_-]{85}[AQgw]$/, '64 bytes as base64url without padding');

/** A key's name: the sha256 of its raw public half, in lower-case hexadecimal. */
export const keyId = z.string().regex(/^[0-9a-f]{64}$/, 'sha256 in lower-case hexadecimal');

/** Random bytes in an enrolment code: 160 bits. */
export const CODE_BYTES = 20;

/** An enrolment code as it travels: Crockford's base32, upper case, no separators. */
export const enrolmentCode = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{32}$/, 'enrolment code');
