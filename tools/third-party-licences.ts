import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LicenceFile } from '@genba/shared/local-api/licences';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const NODE_MODULES = 'node_modules/';
/** Shipped, though it is installed as a tool for development. */
const SHIPPED_TOOLS = ['electron'];
/** Files in which packages keep the text of their licence. */
const TEXT_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;

const lockFileSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      dev: z.boolean().optional(),
      link: z.boolean().optional(),
    }),
  ),
});

/**
 * All packages by others that are needed at run time, with their licences, from the lock file and from what is
 * installed. Of those for other systems, which are not installed here, the licence is named without its text.
 * @throws Error where a package names no licence: somebody must look at it before it is shipped
 */
export function thirdPartyLicences(folder = root): LicenceFile {
  const { packages } = lockFileSchema.parse(
    JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')),
  );
  const texts = new Map<string, number>();
  const found = new Map<string, LicenceFile['packages'][number]>();
  for (const [path, { version, license, dev, link }] of Object.entries(packages)) {
    const start = path.lastIndexOf(NODE_MODULES);
    if (start === -1 || link || version === undefined) continue;
    const name = path.slice(start + NODE_MODULES.length);
    if (dev && !SHIPPED_TOOLS.includes(name)) continue;
    if (license === undefined) throw new Error(`${path} names no licence in package-lock.json.`);
    const own = textsIn(join(folder, path)).map((text) => {
      const index = texts.get(text) ?? texts.size;
      texts.set(text, index);
      return index;
    });
    found.set(`${name} ${version}`, { name, version, licence: license, texts: own });
  }
  const sorted = [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  return { packages: sorted, texts: [...texts.keys()] };
}

function textsIn(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && TEXT_FILE.test(entry.name))
    .map(({ name }) => readFileSync(join(folder, name), 'utf8').trim());
}
