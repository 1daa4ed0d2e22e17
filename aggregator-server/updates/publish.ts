import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { gt } from 'semver';
import { makeFolder, renameDurably, syncFolder, writeDurably } from '../store/durable-file.ts';
import { asStorage, errorCodeOf } from '../store/storage-error.ts';
import { channelPaths, type PublishedRelease, readPublished, removeUnnamed, textOf } from './published.ts';
import {
  BLOCK_MAP_SUFFIX,
  CHANNEL_FILES,
  type ChannelFile,
  type Installer,
  MAX_CHANNEL_FILE_BYTES,
  parseRelease,
  type Release,
  withShare,
} from './release.ts';

/** A channel file of the release to be published. */
interface Offered {
  readonly channel: ChannelFile;
  readonly text: string;
  readonly release: Release;
}

/** What is to be published, and to how many PCs. */
export interface PublicationWish {
  /** Folder of updates in the aggregator's data folder; created where it does not exist. */
  readonly folder: string;
  /** Folder as electron-builder has filled it. */
  readonly from: string;
  /** Share of the PCs that are offered it, percent. */
  readonly sharePercent: number;
}

/**
 * Takes a release into the folder of updates: first the installers, each compared with the digest its channel file
 * names, then the channel files, so that no PC is told of what cannot be fetched yet. What is offered now becomes what
 * withdrawing goes back to. Safe to be cut off anywhere and run again.
 * @returns what is offered from now on
 * @throws AppError `updates/unusable`, `updates/not-newer`, `server/storage`
 */
export async function publish({ folder, from, sharePercent }: PublicationWish): Promise<PublishedRelease[]> {
  const offered = await readRelease(from);
  await requireNewer(folder, offered);
  for (const { channel, release } of offered) {
    for (const file of release.files) await requireIntact(join(from, file.url), file, channel);
  }
  return asStorage(async () => {
    await makeFolder(folder);
    for (const { channel, release } of offered) {
      for (const file of release.files) {
        await copyDurably(join(from, file.url), join(folder, file.url));
        const blockMap = `${file.url}${BLOCK_MAP_SUFFIX}`;
        if (await exists(join(from, blockMap)))
          await copyDurably(join(from, blockMap), join(folder, blockMap));
        // What was read a moment ago may have been replaced since.
        await requireIntact(join(folder, file.url), file, channel);
      }
    }
    await syncFolder(folder);
    for (const { channel, text } of offered) {
      const { current, earlier } = channelPaths(folder, channel);
      const before = await textOf(current);
      await makeFolder(dirname(earlier));
      if (before !== null) await writeDurably(earlier, before);
      await writeDurably(current, withShare(text, sharePercent));
    }
    await removeUnnamed(folder);
    return readPublished(folder);
  });
}

/**
 * Offers what is published to another share of the PCs.
 * @throws AppError `updates/none`, `updates/unusable`, `server/storage`
 */
export async function setShare(folder: string, sharePercent: number): Promise<PublishedRelease[]> {
  const published = await requireSome(folder);
  return asStorage(async () => {
    for (const { channel } of published) {
      const { current } = channelPaths(folder, channel);
      await writeDurably(current, withShare((await textOf(current))!, sharePercent));
    }
    return readPublished(folder);
  });
}

/**
 * Takes back what was published last: the version before it is offered again, or none. PCs that have it keep it.
 * @returns what was taken back
 * @throws AppError `updates/none`, `updates/unusable`, `server/storage`
 */
export async function withdraw(folder: string): Promise<PublishedRelease[]> {
  const published = await requireSome(folder);
  await asStorage(async () => {
    for (const { channel } of published) {
      const { current, earlier } = channelPaths(folder, channel);
      if (await exists(earlier)) await renameDurably(earlier, current);
      else await rm(current);
    }
    await removeUnnamed(folder);
  });
  return published;
}

async function requireSome(folder: string): Promise<PublishedRelease[]> {
  const published = await readPublished(folder);
  if (published.length === 0) throw new AppError('updates/none');
  return published;
}

async function readRelease(from: string): Promise<Offered[]> {
  const offered: Offered[] = [];
  for (const channel of CHANNEL_FILES) {
    const path = join(from, channel);
    const size = await sizeOf(path);
    if (size === null) continue;
    if (size > MAX_CHANNEL_FILE_BYTES)
      throw new AppError('updates/unusable', { detail: `${channel}: ${size} bytes` });
    const text = (await textOf(path))!;
    offered.push({ channel, text, release: parseRelease(text, channel) });
  }
  if (offered.length === 0)
    throw new AppError('updates/unusable', { detail: `${from}: no ${CHANNEL_FILES.join(', ')}` });
  return offered;
}

async function requireNewer(folder: string, offered: readonly Offered[]): Promise<void> {
  const published = await readPublished(folder);
  for (const { channel, release } of offered) {
    const now = published.find((one) => one.channel === channel)?.release.version;
    if (now !== undefined && !gt(release.version, now)) {
      const detail = `${channel}: ${release.version}, offered now: ${now}`;
      throw new AppError('updates/not-newer', { detail });
    }
  }
}

/** @throws AppError `updates/unusable` unless the file is what the channel file says */
async function requireIntact(path: string, { url, sha512, size }: Installer, channel: string): Promise<void> {
  const found = await sizeOf(path);
  if (found === null)
    throw new AppError('updates/unusable', { detail: `${channel} names ${url}, which is missing` });
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  if ((size !== undefined && size !== found) || hash.digest('base64') !== sha512)
    throw new AppError('updates/unusable', { detail: `${url} is not the file that ${channel} names` });
}

/** Copies a file whole or not at all; the folder's own names are synced by the caller. */
async function copyDurably(from: string, to: string): Promise<void> {
  const temporary = `${to}.temporary`;
  await pipeline(createReadStream(from), createWriteStream(temporary));
  const handle = await open(temporary, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await renameDurably(temporary, to);
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    const { size } = await stat(path);
    return size;
  } catch (thrown) {
    if (errorCodeOf(thrown) === 'ENOENT' || errorCodeOf(thrown) === 'ENOTDIR') return null;
    throw thrown;
  }
}

const exists = async (path: string): Promise<boolean> => (await sizeOf(path)) !== null;
