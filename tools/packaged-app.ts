import { copyFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The packaged program's folder: what `npm run package -- --dir` leaves on Linux, or an installed one (GENBA_PACKAGE). */
export const PACKAGE_FOLDER = process.env.GENBA_PACKAGE || join(root, 'release', 'linux-unpacked');
/** The program as it ships. */
export const PACKAGED_PROGRAM = join(PACKAGE_FOLDER, 'genba');
/** The same for a test driver; see {@link makeAppToTest}. */
export const PROGRAM_TO_TEST = join(PACKAGE_FOLDER, 'genba-to-test');

/**
 * Makes the packaged program for a test driver: the one that ships but for a single fuse. A driver takes hold of
 * Electron by Node's inspector, which the program that ships lets nobody do.
 */
export async function makeAppToTest(): Promise<void> {
  const fresh = `${PROGRAM_TO_TEST}.new`;
  copyFileSync(PACKAGED_PROGRAM, fresh);
  await flipFuses(fresh, {
    version: FuseVersion.V1,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  });
  renameSync(fresh, PROGRAM_TO_TEST);
  process.stdout.write(`${PROGRAM_TO_TEST} (${Math.round(statSync(PROGRAM_TO_TEST).size / 1e6)} MB)\n`);
}

if (import.meta.main) await makeAppToTest();
