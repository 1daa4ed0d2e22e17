import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { errorCodeOf } from '../store/storage-error.ts';
import { isFor } from './certificates.ts';
import type { Presented, ServerCertificate } from './server-certificate.ts';

/** Paths of PEM files. */
export interface GivenFiles {
  /** The server's certificate, then those that vouch for it, in order. */
  readonly certificatePath: string;
  /** The private key, not encrypted. */
  readonly keyPath: string;
}

/** A certificate that IT provides as files, and renews by replacing them. */
export class GivenCertificate implements ServerCertificate {
  readonly #files: GivenFiles;
  readonly #names: readonly string[];
  #presented: Presented;

  private constructor(files: GivenFiles, names: readonly string[], presented: Presented) {
    this.#files = files;
    this.#names = names;
    this.#presented = presented;
  }

  /**
   * @param names host names and IP addresses that plants reach the aggregator by
   * @throws AppError `startup/tls-unreadable`, `startup/tls-mismatch`, `startup/tls-expired`, `startup/tls-names`
   */
  static async open(files: GivenFiles, names: readonly string[], now: Date): Promise<GivenCertificate> {
    return new GivenCertificate(files, names, await read(files, names, now));
  }

  get presented(): Presented {
    return this.#presented;
  }

  async renew(now: Date): Promise<Presented | null> {
    const { chainPem, keyPem } = this.#presented;
    const found = await read(this.#files, this.#names, now);
    if (found.chainPem === chainPem && found.keyPem === keyPem) return null;
    this.#presented = found;
    return found;
  }
}

async function read(
  { certificatePath, keyPath }: GivenFiles,
  names: readonly string[],
  now: Date,
): Promise<Presented> {
  const [chainPem, keyPem] = await Promise.all([readText(certificatePath), readText(keyPath)]);
  const chain = readChain(certificatePath, chainPem);
  const key = readKey(keyPath, keyPem);
  const certificate = chain[0]!;
  if (!certificate.checkPrivateKey(key)) {
    throw new AppError('startup/tls-mismatch', { detail: `${certificatePath}, ${keyPath}` });
  }
  for (const each of chain) {
    if (each.validFromDate <= now && now < each.validToDate) continue;
    const detail = `${subjectOf(each)}: ${each.validFrom} to ${each.validTo}`;
    throw new AppError('startup/tls-expired', { detail });
  }
  const missing = names.filter((name) => !isFor(certificate, name));
  if (missing.length > 0) throw new AppError('startup/tls-names', { detail: missing.join(', ') });
  return { chainPem, keyPem, certificate, anchor: chain.at(-1)! };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AppError('startup/tls-unreadable', { detail: `${path}: ${errorCodeOf(cause)}`, cause });
  }
}

/** The certificates of a file, in order, each vouched for by the next. */
function readChain(path: string, text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
  if (blocks.length === 0)
    throw new AppError('startup/tls-unreadable', { detail: `${path}: no certificate in it` });
  const chain = blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new AppError('startup/tls-unreadable', { detail: `${path}: certificate ${index + 1}`, cause });
    }
  });
  const wrong = chain.slice(1).findIndex((issuer, index) => !isIssuedBy(chain[index]!, issuer));
  if (wrong === -1) return chain;
  const detail = `${path}: certificate ${wrong + 2} does not vouch for certificate ${wrong + 1}`;
  throw new AppError('startup/tls-unreadable', { detail });
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function readKey(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    const reason = text.includes('ENCRYPTED') ? 'the key is encrypted' : 'no private key';
    throw new AppError('startup/tls-unreadable', { detail: `${path}: ${reason}`, cause });
  }
}

function subjectOf({ subject }: X509Certificate): string {
  return (subject ?? 'certificate without a name').replaceAll('\n', ', ');
}
