import { AppError } from '@genba/shared/errors/app-error';
import { valid } from 'semver';
import { parse, parseDocument } from 'yaml';
import { z } from 'zod';

/** The file by which the app on each system learns what is new, as electron-builder names them. */
export const CHANNEL_FILES = ['latest.yml', 'latest-linux.yml', 'latest-mac.yml'] as const;
export type ChannelFile = (typeof CHANNEL_FILES)[number];

/** Which PCs read a channel file. */
export const SYSTEM_OF: Record<ChannelFile, string> = {
  'latest.yml': 'Windows',
  'latest-linux.yml': 'Linux',
  'latest-mac.yml': 'macOS',
};

/** What an installer may be called: one plain name, so that nothing outside the folder can be meant. */
export const INSTALLER_NAME = /^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,150}\.(exe|AppImage|deb|dmg|zip)$/;

/** Ends the name of an installer's block map, by which the app fetches only what has changed. */
export const BLOCK_MAP_SUFFIX = '.blockmap';

/** Longest channel file that is read, bytes; they have some hundred. */
export const MAX_CHANNEL_FILE_BYTES = 64 * 1024;

const installer = z.object({
  url: z.string().regex(INSTALLER_NAME, 'must be the plain name of an exe, AppImage, deb, dmg or zip file'),
  /** In Base64. */
  sha512: z.base64().length(88),
  size: z.int().positive().optional(),
});

/** What electron-builder writes; what else it holds is handed on as it is. */
const releaseSchema = z.object({
  version: z.string().refine((text) => valid(text) === text, 'must be a version like 1.2.3'),
  files: z.array(installer).min(1),
  releaseDate: z.coerce.date().optional(),
  stagingPercentage: z.number().min(0).max(100).optional(),
});

/** One installer of a release. */
export type Installer = z.output<typeof installer>;

/** A version of the app for one system. */
export interface Release {
  readonly version: string;
  readonly files: readonly Installer[];
  /** How many of the PCs are offered it, percent. */
  readonly sharePercent: number;
}

/**
 * Reads a channel file.
 * @param name for the error's sentence
 * @throws AppError `updates/unusable` with what is wrong
 */
export function parseRelease(text: string, name: string): Release {
  let content: unknown;
  try {
    content = parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    const detail = `${name}: ${(cause as Error).message.split('\n', 1)[0]}`;
    throw new AppError('updates/unusable', { detail, cause });
  }
  const parsed = releaseSchema.safeParse(content);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new AppError('updates/unusable', { detail: `${name}: ${[...path, message].join(': ')}` });
  }
  const { version, files, stagingPercentage = 100 } = parsed.data;
  return { version, files, sharePercent: stagingPercentage };
}

/** The same channel file with another share of the PCs; all else of it stays as it is, comments included. */
export function withShare(text: string, sharePercent: number): string {
  const document = parseDocument(text);
  if (sharePercent === 100) document.delete('stagingPercentage');
  else document.set('stagingPercentage', sharePercent);
  return document.toString({ lineWidth: 0 });
}
