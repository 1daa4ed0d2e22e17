import { statfsSync } from 'node:fs';
import { AppError } from '@genba/shared/errors/app-error';
import type { DiskLevel, DiskStatus } from '@genba/shared/local-api/disk';
import type { Task } from '@genba/shared/model/task';
import type { Logger } from 'pino';
import { folderBytes } from './folder-size.ts';
import { worstCaseBytes } from './space-need.ts';

/** How often the disk is looked at, milliseconds. */
const LOOK_INTERVAL_MS = 30_000;

/** Left for what other programs take from the same disk: of a large one so many bytes, of a small one a share. */
const WARNING = { bytes: 2e9, share: 0.1 };
const RESERVE = { bytes: 200e6, share: 0.05 };

/** A disk, as its file system tells. */
export interface DiskSpace {
  /** Free for this account, bytes. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** What the watch looks at. */
export interface DiskWatchContext {
  readonly dataFolder: string;
  /** null before the first contact: nothing is trained then. */
  readonly task: () => Task | null;
  /** Largest size of the data folder, bytes. */
  readonly quotaBytes: () => number;
  readonly log: Logger;
  /** Another level than before. */
  readonly onChange: () => void;
  /** null where the file system does not tell: then a full disk is met when it comes. */
  readonly spaceAt?: (folder: string) => DiskSpace | null;
}

/**
 * Looks at the disk before it is full. What is not sent yet is never given up for room; instead people hear early, and
 * training stops while there is still room for everything that can come of what is under way: the round's end, its
 * update, the reply. It goes on by itself.
 */
export class DiskWatch {
  readonly #context: DiskWatchContext;
  #status: DiskStatus | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(context: DiskWatchContext) {
    this.#context = context;
  }

  /** Looks now, and then now and again. */
  start(): void {
    this.look();
    this.#timer ??= setInterval(() => this.look(), LOOK_INTERVAL_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** As of the last look; null before the first contact, and where the disk does not tell. */
  get status(): DiskStatus | null {
    return this.#status;
  }

  /** Why no round may begin now; null: there is room. */
  obstacle(): AppError | null {
    const status = this.look();
    if (status?.level !== 'short') return null;
    const { limit, freeBytes, usedBytes, quotaBytes, neededBytes } = status;
    const detail = `free ${freeBytes}, used ${usedBytes} of ${quotaBytes}, needed ${neededBytes} bytes`;
    return new AppError(limit === 'disk' ? 'store/space-needed' : 'store/quota-reached', { detail });
  }

  /** Looks at the disk; tells of another level. */
  look(): DiskStatus | null {
    const before = this.#status?.level ?? 'enough';
    this.#status = this.#read();
    const level = this.#status?.level ?? 'enough';
    if (level !== before) {
      this.#log(level);
      this.#context.onChange();
    }
    return this.#status;
  }

  #read(): DiskStatus | null {
    const task = this.#context.task();
    if (task === null) return null;
    const { dataFolder } = this.#context;
    const usedBytes = folderBytes(dataFolder);
    const space = (this.#context.spaceAt ?? spaceOf)(dataFolder);
    if (space === null) return null;
    const { freeBytes } = space;
    const quotaBytes = this.#context.quotaBytes();
    const stillToWrite = Math.max(0, worstCaseBytes(task) - usedBytes);
    const onDisk = diskLevel(freeBytes - stillToWrite, space);
    // Nobody else takes from the quota: no reserve, and a warning that grows with it.
    const inQuota = quotaLevel(quotaBytes - usedBytes - stillToWrite, quotaBytes);
    const limit = rank(onDisk) >= rank(inQuota) ? 'disk' : 'quota';
    const level = limit === 'disk' ? onDisk : inQuota;
    const neededBytes = stillToWrite + (limit === 'disk' ? marginOf(RESERVE, space) : 0);
    return { level, limit, freeBytes, usedBytes, quotaBytes, neededBytes };
  }

  #log(level: DiskLevel): void {
    const { log } = this.#context;
    if (level === 'enough') log.info({ disk: this.#status }, 'there is enough room on the disk again');
    else if (level === 'low') log.warn({ disk: this.#status }, 'the disk is getting full');
    else log.error({ disk: this.#status }, 'no round begins until there is more room on the disk');
  }
}

function marginOf(margin: typeof RESERVE, { sizeBytes }: DiskSpace): number {
  return Math.ceil(Math.min(margin.bytes, margin.share * sizeBytes));
}

function diskLevel(leftBytes: number, space: DiskSpace): DiskLevel {
  if (leftBytes < marginOf(RESERVE, space)) return 'short';
  return leftBytes < marginOf(WARNING, space) ? 'low' : 'enough';
}

/** Share of the quota that is left when people are warned. */
const QUOTA_WARNING_SHARE = 0.1;

function quotaLevel(leftBytes: number, quotaBytes: number): DiskLevel {
  if (leftBytes < 0) return 'short';
  return leftBytes < QUOTA_WARNING_SHARE * quotaBytes ? 'low' : 'enough';
}

function rank(level: DiskLevel): number {
  return { enough: 0, low: 1, short: 2 }[level];
}

function spaceOf(folder: string): DiskSpace | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
  } catch {
    return null;
  }
}
