import { arch, cpus, freemem, release, totalmem, type } from 'node:os';

const MEBIBYTE = 1024 * 1024;

/** Versions and figures of this PC that help IT; no name of it or of its account. */
export function surroundings(appVersion: string, locale: string): Readonly<Record<string, string | number>> {
  return {
    appVersion,
    electron: process.versions.electron ?? '',
    chrome: process.versions.chrome ?? '',
    system: `${type()} ${release()} ${arch()}`,
    processors: cpus().length,
    memoryMiB: Math.round(totalmem() / MEBIBYTE),
    freeMemoryMiB: Math.round(freemem() / MEBIBYTE),
    locale,
  };
}
