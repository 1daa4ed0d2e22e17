import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodeOf } from '../store/storage-error.ts';
import { BLOCK_MAP_SUFFIX, CHANNEL_FILES, type ChannelFile, parseRelease, type Release } from './release.ts';

/** In the updates folder: the channel files as they were before the last publication. */
const EARLIER_FOLDER = 'earlier';

/** Where a channel file lies, and where the one that it replaced. */
export function channelPaths(folder: string, channel: ChannelFile): { current: string; earlier: string } {
  return { current: join(folder, channel), earlier: join(folder, EARLIER_FOLDER, channel) };
}

/** What is offered to the PCs of one system. */
export interface PublishedRelease {
  readonly channel: ChannelFile;
  readonly release: Release;
  /** To which withdrawing it would go back; null where nothing was offered before. */
  readonly earlier: Release | null;
}

/** A text file; null where there is none. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (errorCodeOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}

async function releaseAt(path: string, name: string): Promise<Release | null> {
  const text = await textOf(path);
  return text === null ? null : parseRelease(text, name);
}

/**
 * What a folder of updates offers, system by system.
 * @throws AppError `updates/unusable` where somebody has changed it by hand
 */
export async function readPublished(folder: string): Promise<PublishedRelease[]> {
  const published: PublishedRelease[] = [];
  for (const channel of CHANNEL_FILES) {
    const { current, earlier } = channelPaths(folder, channel);
    const release = await releaseAt(current, channel);
    if (release !== null)
      published.push({ channel, release, earlier: await releaseAt(earlier, `${EARLIER_FOLDER}/${channel}`) });
  }
  return published;
}

/** Removes installers that no channel file names any more. One that is being sent stays until the next time. */
export async function removeUnnamed(folder: string): Promise<void> {
  const named = new Set<string>([...CHANNEL_FILES, EARLIER_FOLDER]);
  for (const { release, earlier } of await readPublished(folder)) {
    for (const { url } of [...release.files, ...(earlier?.files ?? [])]) {
      named.add(url);
      named.add(`${url}${BLOCK_MAP_SUFFIX}`);
    }
  }
  for (const name of await readdir(folder)) {
    // Windows does not remove a file that somebody has open.
    if (!named.has(name)) await rm(join(folder, name), { recursive: true }).catch(() => {});
  }
}
