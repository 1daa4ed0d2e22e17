import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import {
  type Credentials,
  daysLeft,
  isFor,
  issueServerCertificate,
  makeAuthority,
  namesOf,
} from './certificates.ts';
import { readSecretFile, writeSecretFile } from './secret-file.ts';
import type { Presented, ServerCertificate } from './server-certificate.ts';

/** A certificate with less left than this is replaced, days. */
export const RENEWAL_DAYS = 30;

const AUTHORITY_NAME = 'authority.pem';
const SERVER_NAME = 'server.pem';

/** A certificate of the aggregator's own authority, which it makes at its first start. */
export class OwnCertificate implements ServerCertificate {
  readonly #folder: string;
  readonly #names: readonly string[];
  readonly #authority: Credentials;
  #server: Credentials;

  private constructor(made: {
    folder: string;
    names: readonly string[];
    authority: Credentials;
    server: Credentials;
  }) {
    this.#folder = made.folder;
    this.#names = made.names;
    this.#authority = made.authority;
    this.#server = made.server;
  }

  /**
   * Opens what the folder holds and makes what it lacks.
   * @param names host names and IP addresses that plants reach the aggregator by
   * @throws AppError `store/damaged`, `server/storage`
   */
  static async open(folder: string, names: readonly string[], now: Date): Promise<OwnCertificate> {
    const authority =
      (await readCredentials(join(folder, AUTHORITY_NAME))) ??
      (await keep(join(folder, AUTHORITY_NAME), await makeAuthority(now)));
    const kept = await readCredentials(join(folder, SERVER_NAME));
    const isGood = kept !== null && serves(kept, { authority, names, now });
    const server = isGood ? kept : await issue(folder, { authority, names, now });
    return new OwnCertificate({ folder, names, authority, server });
  }

  get presented(): Presented {
    const { certificate, key } = this.#server;
    const anchor = this.#authority.certificate;
    return {
      chainPem: `${certificate}${anchor}`,
      keyPem: key.export({ type: 'pkcs8', format: 'pem' }) as string,
      certificate,
      anchor,
    };
  }

  async renew(now: Date): Promise<Presented | null> {
    const wanted = { authority: this.#authority, names: this.#names, now };
    if (serves(this.#server, wanted)) return null;
    this.#server = await issue(this.#folder, wanted);
    return this.presented;
  }
}

/**
 * Copies the authority from one data folder to another, where there is one: what plants trust must outlive a restore.
 * Server certificates are made anew.
 * @throws AppError `store/damaged`, `server/storage`
 */
export async function copyAuthority(from: string, to: string): Promise<void> {
  const authority = await readCredentials(join(from, AUTHORITY_NAME));
  if (authority !== null) await keep(join(to, AUTHORITY_NAME), authority);
}

/** The certificate of the authority in a folder; null where none was made. @throws AppError `store/damaged`, `server/storage` */
export async function readOwnAnchor(folder: string): Promise<X509Certificate | null> {
  return (await readCredentials(join(folder, AUTHORITY_NAME)))?.certificate ?? null;
}

interface Wanted {
  readonly authority: Credentials;
  readonly names: readonly string[];
  readonly now: Date;
}

/** Whether a kept certificate is the authority's, for exactly these names, and lasts long enough. */
function serves({ certificate }: Credentials, { authority, names, now }: Wanted): boolean {
  return (
    certificate.checkIssued(authority.certificate) &&
    certificate.verify(authority.certificate.publicKey) &&
    namesOf(certificate).length === names.length &&
    names.every((name) => isFor(certificate, name)) &&
    daysLeft(certificate, now) >= RENEWAL_DAYS
  );
}

async function issue(folder: string, { authority, names, now }: Wanted): Promise<Credentials> {
  return keep(join(folder, SERVER_NAME), await issueServerCertificate(authority, { names, now }));
}

/** Key and certificate lie in one file, so that they never disagree. */
async function keep(path: string, credentials: Credentials): Promise<Credentials> {
  const { key, certificate } = credentials;
  await writeSecretFile(path, `${key.export({ type: 'pkcs8', format: 'pem' })}${certificate}`);
  return credentials;
}

async function readCredentials(path: string): Promise<Credentials | null> {
  const text = await readSecretFile(path);
  if (text === null) return null;
  try {
    const credentials = { key: createPrivateKey(text), certificate: new X509Certificate(text) };
    if (credentials.certificate.checkPrivateKey(credentials.key)) return credentials;
  } catch {
    // Told below: OpenSSL's own words would not help anybody.
  }
  throw new AppError('store/damaged', { detail: path });
}
