import { constants, createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import { fileStatement } from '@genba/shared/identity/statements';
import { LOCAL_NAMES } from '../identity/addresses.ts';
import { fingerprintOf } from '../identity/certificates.ts';
import { GivenCertificate, type GivenFiles } from '../identity/given-certificate.ts';
import { hostOf } from '../identity/host-names.ts';
import { OwnCertificate, readOwnAnchor } from '../identity/own-certificate.ts';
import type { Presented } from '../identity/server-certificate.ts';
import { readServing } from '../identity/serving-file.ts';

/** Signs replies as this aggregator. */
export interface ReplySigner {
  /** What devices trust: sha256 of the top of the chain. */
  readonly certificate: string;
  /** The seal of a header, JSON. */
  seal(header: Uint8Array): string;
}

/**
 * Opens what the aggregator shows who it is with: the certificate it presents to who connects, and its key. One of its
 * own authority is renewed where it is time.
 * @param given IT's certificate, where the aggregator was started with one
 * @throws AppError `operation/never-served`, `exchange/certificate-needed`, `startup/tls-*`, `store/damaged`,
 *   `server/storage`
 */
export async function openReplySigner(
  identityPath: string,
  { given, now }: { readonly given: GivenFiles | null; readonly now: Date },
): Promise<ReplySigner> {
  const serving = await readServing(identityPath);
  if (serving === null) throw new AppError('operation/never-served', { detail: identityPath });
  const hosts = serving.addresses.map(hostOf);
  const presented = await open();
  if (fingerprintOf(presented.anchor) !== serving.certificate) {
    throw new AppError('exchange/certificate-needed', { detail: `devices trust ${serving.certificate}` });
  }
  return signerOf(presented);

  async function open(): Promise<Presented> {
    // The certificate's names are IT's concern; devices compare them with what they enrolled with.
    if (given !== null) return (await GivenCertificate.open(given, [], now)).presented;
    const anchor = await readOwnAnchor(identityPath);
    if (anchor === null) throw new AppError('exchange/certificate-needed');
    const names = [...new Set([...hosts, ...LOCAL_NAMES])];
    return (await OwnCertificate.open(identityPath, names, now)).presented;
  }
}

function signerOf({ chainPem, keyPem, anchor }: Presented): ReplySigner {
  const key = createPrivateKey(keyPem);
  const blocks = chainPem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [];
  const chain = blocks.map((block) => new X509Certificate(block).raw.toString('base64'));
  return {
    certificate: fingerprintOf(anchor),
    seal: (header) =>
      JSON.stringify({
        chain,
        signature: signatureOf(key, fileStatement('aggregator', header)).toString('base64url'),
      }),
  };
}

/** The algorithm follows from the key: docs/PROTOCOL.md. */
function signatureOf(key: KeyObject, statement: Uint8Array): Buffer {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return sign('sha256', statement, key);
    case 'rsa':
    case 'rsa-pss':
      return sign('sha256', statement, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    default:
      return sign(null, statement, key);
  }
}
