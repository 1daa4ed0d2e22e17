import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { syncFolder, writeDurably } from '../../durable-file/durable-file.ts';

/**
 * Where private keys are kept, by key id, and nothing else: which key is for what stands in the database. Small, so
 * that it can be wrapped by the key store of an operating system.
 */
export interface KeyStore {
  /**
   * Keeps a key; durable when it returns.
   * @throws AppError `store/disk-full`, `startup/data-not-writable`
   */
  write(keyId: string, pem: string): void;
  /** The key, or null where there is none that can be read. */
  read(keyId: string): string | null;
  /** Forgets a key; nothing happens where there is none. */
  remove(keyId: string): void;
  keyIds(): string[];
}

const FOLDER = 'keys';
const FOLDER_MODE = 0o700;
const EXTENSION = '.pem';

/** Keys as files in the agent's data folder, which only its account may read. */
export class FileKeyStore implements KeyStore {
  readonly #folder: string;

  /** @param dataFolder the agent's data folder */
  constructor(dataFolder: string) {
    this.#folder = path.join(dataFolder, FOLDER);
  }

  write(keyId: string, pem: string): void {
    try {
      if (mkdirSync(this.#folder, { recursive: true, mode: FOLDER_MODE }) !== undefined) {
        syncFolder(path.dirname(this.#folder));
      }
      writeDurably(this.#file(keyId), pem);
    } catch (cause) {
      const isFull = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
      throw new AppError(isFull ? 'store/disk-full' : 'startup/data-not-writable', {
        detail: this.#folder,
        cause,
      });
    }
  }

  read(keyId: string): string | null {
    try {
      return readFileSync(this.#file(keyId), 'utf8');
    } catch {
      return null;
    }
  }

  remove(keyId: string): void {
    rmSync(this.#file(keyId), { force: true });
  }

  keyIds(): string[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch {
      return [];
    }
    return names.filter((name) => name.endsWith(EXTENSION)).map((name) => name.slice(0, -EXTENSION.length));
  }

  #file(keyId: string): string {
    return path.join(this.#folder, `${keyId}${EXTENSION}`);
  }
}
