import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * A release as electron-builder writes it for Windows, with some bytes for an installer.
 * @returns its folder, and what the installer holds
 */
export async function releaseFolder(
  version: string,
): Promise<{ from: string; installer: Buffer; name: string }> {
  const from = await temporaryFolder();
  const name = `Genba-Setup-${version}.exe`;
  const installer = Buffer.from(`installer of ${version} `.repeat(2000));
  const sha512 = createHash('sha512').update(installer).digest('base64');
  const lines = [
    `version: ${version}`,
    'files:',
    `  - url: ${name}`,
    `    sha512: ${sha512}`,
    `    size: ${installer.byteLength}`,
    `path: ${name}`,
    `sha512: ${sha512}`,
    "releaseDate: '2026-11-26T00:00:00.000Z'",
  ];
  await writeFile(join(from, 'latest.yml'), `${lines.join('\n')}\n`);
  await writeFile(join(from, name), installer);
  await writeFile(join(from, `${name}.blockmap`), 'block map');
  return { from, installer, name };
}
