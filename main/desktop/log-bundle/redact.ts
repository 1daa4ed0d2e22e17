/** What stands in place of a secret. */
export const REDACTED = '[removed]';

/** Every form in which a secret may stand in a log, with what of it may stay. */
const SECRETS: readonly (readonly [pattern: RegExp, kept: string])[] = [
  // Keys and certificates, whole or cut off at the end of the text.
  [/-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g, REDACTED],
  // Tokens of the local API and digests alike: both are 64 hexadecimal digits, and no log needs either whole.
  [/\b([0-9a-f]{8})[0-9a-f]{56}\b/gi, `$1${REDACTED}`],
  [/(token[=.:"\s]+)[0-9a-f]{9,}/gi, `$1${REDACTED}`],
  // Codes of invitations, in links, files and as people read them out.
  [/\b[0-9A-HJKMNP-TV-Z]{32}\b/g, REDACTED],
  [/\b(?:[0-9A-HJKMNP-TV-Z]{4}[- ]){7}[0-9A-HJKMNP-TV-Z]{4}\b/g, REDACTED],
  // Logins in addresses.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"]+@/gi, `$1${REDACTED}@`],
  [
    /("?(?:password|passphrase|proxy-authorization|authorization)"?\s*[=:]\s*)("[^"]*"|[^\s,;}]+)/gi,
    `$1${REDACTED}`,
  ],
];

/**
 * A text without keys, tokens, codes and logins.
 * @param known further secrets, removed wherever they stand
 */
export function redact(text: string, known: readonly string[] = []): string {
  const withoutKnown = known
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  return SECRETS.reduce((rest, [pattern, kept]) => rest.replace(pattern, kept), withoutKnown);
}
