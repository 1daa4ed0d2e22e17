import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AppError } from '@genba/shared/errors/app-error';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

/**
 * The certificates in a file, PEM: one or more as PEM, or one in binary form (DER), as Windows exports them.
 * @throws AppError `proxy/bad-authority`
 */
export function readAuthorities(file: string): string {
  try {
    const bytes = readFileSync(file);
    const blocks: (string | Buffer)[] = bytes.toString('latin1').match(PEM_CERTIFICATE) ?? [bytes];
    return blocks.map((block) => new X509Certificate(block).toString()).join('');
  } catch (cause) {
    throw new AppError('proxy/bad-authority', { detail: file, cause });
  }
}
