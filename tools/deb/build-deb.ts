import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

/**
 * Said instead of a home page, which electron-builder demands and a plant's own package does not have; left out of the
 * package.
 */
export const NO_HOME_PAGE = 'about:blank';

/** A package for Debian and its like, as electron-builder describes one to fpm. */
export interface DebRequest {
  /** Where the package goes. */
  readonly packageFile: string;
  /** Lines of its control file, without its size and description. */
  readonly fields: Readonly<Record<string, string>>;
  /** One line, then further ones with a space in front. */
  readonly description: string;
  readonly compression: string;
  /** Files of programs that dpkg runs, by the name it gives them. */
  readonly scripts: Readonly<Record<string, string>>;
  /** What goes where: a folder's content, or a file. */
  readonly content: readonly { readonly from: string; readonly to: string }[];
}

/** dpkg's name for each way of compressing. */
const COMPRESSIONS: Readonly<Record<string, string>> = { xz: 'xz', gz: 'gzip', zst: 'zstd' };

/**
 * Reads the arguments that electron-builder gives to fpm for a deb.
 * @throws Error for one that it does not know, so that nothing asked for is left out unseen
 */
export function readFpmArguments(args: readonly string[]): DebRequest {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      'input-type': { ...text, short: 's' },
      'output-type': { ...text, short: 't' },
      force: { type: 'boolean' },
      log: text,
      debug: { type: 'boolean' },
      depends: { ...text, short: 'd', multiple: true, default: [] },
      'deb-recommends': { ...text, multiple: true, default: [] },
      'deb-compression': { ...text, default: 'xz' },
      'deb-priority': { ...text, default: 'optional' },
      'after-install': text,
      'after-remove': text,
      'before-remove': text,
      architecture: text,
      category: { ...text, default: 'misc' },
      description: { ...text, default: '' },
      iteration: text,
      license: text,
      maintainer: text,
      name: text,
      package: text,
      url: text,
      vendor: text,
      version: text,
    },
  });
  if (values['output-type'] !== 'deb') throw new Error(`No package of the type ${values['output-type']}.`);
  const compression = COMPRESSIONS[values['deb-compression']];
  if (compression === undefined) throw new Error(`No compression ${values['deb-compression']}.`);
  const given = (name: string, value: string | undefined) => {
    if (!value) throw new Error(`electron-builder has not said the ${name}.`);
    return value;
  };
  return {
    packageFile: given('package file', values.package),
    fields: present({
      Package: given('name', values.name),
      Version: given('version', values.version) + (values.iteration ? `-${values.iteration}` : ''),
      Architecture: given('architecture', values.architecture),
      Maintainer: given('maintainer', values.maintainer),
      Depends: values.depends.join(', '),
      Recommends: values['deb-recommends'].join(', '),
      Section: values.category,
      Priority: values['deb-priority'],
      Homepage: values.url === NO_HOME_PAGE ? undefined : values.url,
    }),
    description: values.description.trim(),
    compression,
    scripts: present({
      postinst: values['after-install'],
      prerm: values['before-remove'],
      postrm: values['after-remove'],
    }),
    content: positionals.map(readMapping),
  };
}

function present(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => !!entry[1]));
}

function readMapping(text: string): { from: string; to: string } {
  const at = text.lastIndexOf('=/');
  if (at < 1) throw new Error(`${text} does not say where it goes.`);
  return { from: text.slice(0, at), to: text.slice(at + 1) };
}

/** Makes the package by dpkg's own program; everything in it belongs to root. */
export async function buildDeb(request: DebRequest): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'genba-deb-'));
  try {
    // For everybody, whoever builds: dpkg takes over what it finds.
    await chmod(root, 0o755);
    for (const { from, to } of request.content) {
      await mkdir(dirname(join(root, to)), { recursive: true });
      await cp(from, join(root, to), { recursive: true, verbatimSymlinks: true });
    }
    const { sums, sizeKilobytes } = await readForEverybody(root);
    const control = join(root, 'DEBIAN');
    await mkdir(control);
    await writeFile(join(control, 'md5sums'), sums);
    await writeFile(join(control, 'control'), controlFile(request, sizeKilobytes));
    for (const [name, file] of Object.entries(request.scripts))
      await writeFile(join(control, name), await readFile(file), { mode: 0o755 });
    execFileSync(
      'dpkg-deb',
      ['--root-owner-group', `-Z${request.compression}`, '--build', root, request.packageFile],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The control file's text. @param sizeKilobytes as installed */
export function controlFile({ fields, description }: DebRequest, sizeKilobytes: number): string {
  const [synopsis, ...further] = description.split('\n').map((line) => line.trim());
  const lines = Object.entries({ ...fields, 'Installed-Size': String(sizeKilobytes) });
  return `${lines.map(([name, value]) => `${name}: ${value}\n`).join('')}Description: ${synopsis}\n${further
    .map((line) => ` ${line || '.'}\n`)
    .join('')}`;
}

/**
 * Makes all files readable and no more than that, whatever the building account's own files are, as Debian's policy
 * has it; the sums of the files, as `md5sum` writes them; and what they take, kilobytes.
 */
async function readForEverybody(root: string): Promise<{ sums: string; sizeKilobytes: number }> {
  const sums: string[] = [];
  let sizeKilobytes = 0;
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode, size } = await lstat(path);
    sizeKilobytes += entry.isFile() ? Math.ceil(size / 1024) : 1;
    if (entry.isSymbolicLink()) continue;
    const isRun = entry.isDirectory() || (mode & 0o100) !== 0;
    await chmod(path, isRun ? 0o755 : 0o644);
    if (!entry.isFile()) continue;
    const hash = createHash('md5');
    await pipeline(createReadStream(path), hash);
    sums.push(`${hash.digest('hex')}  ${path.slice(root.length + 1)}\n`);
  }
  return { sums: sums.sort().join(''), sizeKilobytes };
}

if (import.meta.main) await buildDeb(readFpmArguments(process.argv.slice(2)));
