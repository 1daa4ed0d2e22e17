import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { z } from 'zod';
import { writeDurably } from '../../durable-file/durable-file.ts';
import type { ProxyLogin } from './proxy-setting.ts';

const FILE = 'proxy-login.json';

const contentSchema = z.strictObject({
  /** The proxy setting it was given for. */
  setting: z.string(),
  user: z.string(),
  password: z.string(),
});

/**
 * User and password of a proxy, in a file that only this account may read, like the keys: the settings go to backups
 * and support tickets. They belong to the setting they were given with, so another proxy never hears them.
 */
export class ProxyLoginFile {
  readonly #file: string;

  /** @param dataFolder the agent's data folder */
  constructor(dataFolder: string) {
    this.#file = path.join(dataFolder, FILE);
  }

  /** What is kept for this setting; null where nothing is, or it cannot be read. */
  read(setting: string): ProxyLogin | null {
    try {
      const { user, password, ...kept } = contentSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
      return kept.setting === setting ? { user, password } : null;
    } catch {
      // Missing or damaged is the same: the proxy asks for it, and a person gives it again.
      return null;
    }
  }

  /**
   * Keeps it; durable when it returns.
   * @throws AppError `proxy/bad-setting` for a user with a colon, which no proxy understands;
   *   `store/disk-full`, `startup/data-not-writable`
   */
  write(setting: string, { user, password }: ProxyLogin): void {
    if (user === '' || user.includes(':')) {
      throw new AppError('proxy/bad-setting', { detail: 'a user without colons' });
    }
    try {
      writeDurably(this.#file, JSON.stringify({ setting, user, password }));
    } catch (cause) {
      const isFull = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
      throw new AppError(isFull ? 'store/disk-full' : 'startup/data-not-writable', {
        detail: this.#file,
        cause,
      });
    }
  }

  /** Forgets it. */
  remove(): void {
    rmSync(this.#file, { force: true });
  }
}
