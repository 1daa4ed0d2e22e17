import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { writeDurably } from '../../durable-file/durable-file.ts';

/** Readable by the agent's account only, like all in its data folder. */
const TOKEN_FILE = 'predict-token';

const TOKEN = /^[0-9a-f]{64}$/;

/**
 * What programs show that may ask for predictions; made where there is none. It lasts, other than that of the local API:
 * nobody wants to set up a line anew after every start.
 * @throws AppError `startup/data-not-writable`
 */
export function predictToken(dataFolder: string): string {
  try {
    const token = readFileSync(path.join(dataFolder, TOKEN_FILE), 'utf8').trim();
    if (TOKEN.test(token)) return token;
  } catch {
    // There is none yet.
  }
  return renewPredictToken(dataFolder);
}

/** Makes another token: from the next start of the agent on, the old one is of no use. @throws AppError as {@link predictToken} */
export function renewPredictToken(dataFolder: string): string {
  const token = randomBytes(32).toString('hex');
  try {
    writeDurably(path.join(dataFolder, TOKEN_FILE), token);
  } catch (cause) {
    throw new AppError('startup/data-not-writable', { detail: dataFolder, cause });
  }
  return token;
}

/** Whether a request shows the token, in a time that tells nothing of it. @param authorization header, `Bearer TOKEN` */
export function showsToken(authorization: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}
