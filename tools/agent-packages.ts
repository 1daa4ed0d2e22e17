import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { cp, open, readdir, readlink, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, sep } from 'node:path';

/** Where a package's name stands that runs on one kind of PC only. */
interface Target {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** For people who develop; no program reads them. */
const NEVER_READ = new Set([
  '.map',
  '.md',
  '.markdown',
  '.cts',
  '.mts',
  '.ts',
  '.flow',
  '.h',
  '.hpp',
  '.cc',
  '.gyp',
  '.tsbuildinfo',
]);

/** Folders beside a package's own code that no program reads. */
const BESIDE_THE_CODE = /^(@[^/]+\/)?[^/]+\/(__tests__|benchmarks?|docs|examples?|tests?|\.rollup\.cache)$/;

/** TensorFlow.js comes in six bundles each, of which Node takes `tf-….node.js`, and with its own tests. */
const OTHER_BUNDLE =
  /^@tensorflow\/[^/]+\/dist\/(tf(-[a-z]+)*\.js|.*(\.(min|fesm|es2017)\.js|_test\.js|\.html))$/;

/** Folders of packages that only building them needs, or that repeat what is elsewhere. */
const NEVER_NEEDED = [
  'better-sqlite3/deps',
  'better-sqlite3/src',
  '@tensorflow/tfjs-node/binding',
  '@tensorflow/tfjs-node/deps/include',
  '@tensorflow/tfjs-node/src',
  '@tensorflow/tfjs-node/scripts',
];

/** Folders that `.ci/native-tensorflow.sh` links instead of copying. */
const LINKED_FOLDERS = ['deps'];

/**
 * The packages that workspaces need at run time, with all that these need: folders of packages as seen from the root,
 * nested ones included. A missing optional one is left out.
 * @param without names of packages to leave out, and what only they need
 * @throws Error for a missing package that is not optional
 */
export function runtimePackages(
  root: string,
  workspaces: readonly string[],
  without: ReadonlySet<string>,
): readonly string[] {
  const found = new Set<string>();
  const visit = (from: string, manifest: Manifest) => {
    const names = { ...manifest.dependencies, ...manifest.optionalDependencies };
    for (const name of Object.keys(names)) {
      if (name.startsWith('@genba/') || without.has(name)) continue;
      const folder = locate(root, from, name);
      if (folder === null && name in (manifest.optionalDependencies ?? {})) continue;
      if (folder === null) throw new Error(`${name}, which ${from} needs, is not installed.`);
      const place = relative(root, folder);
      if (found.has(place)) continue;
      found.add(place);
      visit(folder, readManifest(folder));
    }
  };
  for (const workspace of workspaces) visit(join(root, workspace), readManifest(join(root, workspace)));
  return [...found].sort();
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Where Node finds a package from a folder: the nearest `node_modules` upwards; null where there is none. */
function locate(root: string, from: string, name: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (basename(folder) !== 'node_modules' && existsSync(join(candidate, 'package.json'))) return candidate;
    if (relative(root, folder) === '' || dirname(folder) === folder) return null;
  }
}

/** Copies packages into the same folders below another root, without what no program reads and what is for other PCs. */
export async function copyPackages(
  root: string,
  packages: readonly string[],
  target: string,
  pc: Target,
): Promise<void> {
  for (const place of packages) {
    const name = place.slice(place.lastIndexOf(`node_modules${sep}`) + 'node_modules/'.length);
    const copy = (from: string, to: string, inside: string) =>
      cp(from, to, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => isNeeded(join(name, inside, relative(from, path)), pc),
      });
    await copy(join(root, place), join(target, place), '');
    // A link out of the package, as to a cache of native libraries, becomes what it points to.
    for (const inside of LINKED_FOLDERS) {
      const link = join(target, place, inside);
      if ((await readlink(link).catch(() => null)) === null) continue;
      await unlink(link);
      await copy(realpathSync(join(root, place, inside)), link, inside);
    }
  }
}

/**
 * Takes the names of functions, which only a debugger reads, out of native libraries: a quarter of TensorFlow. Only
 * where there is binutils' `strip`, as for Linux.
 * @param folder of copies; what is linked elsewhere would change there too
 */
export async function stripLibraries(folder: string): Promise<void> {
  if (process.platform !== 'linux' || spawnSync('strip', ['--version']).error) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !/\.so(\.[0-9.]+)?$/.test(entry.name) || !(await isElf(path))) continue;
    execFileSync('strip', ['--strip-unneeded', path]);
  }
}

/** WebAssembly has libraries of that name too. */
async function isElf(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === '\x7fELF';
  } finally {
    await file.close();
  }
}

/**
 * Whether a file or folder of a package is for a program on this kind of PC.
 * @param path within the package, after the package's name
 */
export function isNeeded(path: string, { platform, arch }: Target): boolean {
  const text = path.split(sep).join('/');
  // Nested packages are copied by themselves, where they are needed.
  if (text.endsWith('/node_modules') || NEVER_NEEDED.includes(text)) return false;
  if (BESIDE_THE_CODE.test(text) || OTHER_BUNDLE.test(text)) return false;
  const own = `${platform}-${arch}`;
  if (/^better-sqlite3\/prebuilds\/[^/]+$/.test(text)) return text.endsWith(`/${own}.node`);
  if (/^webgpu\/dist\/[^/]+$/.test(text))
    return text.endsWith(platform === 'darwin' ? '/darwin-universal' : `/${own}`);
  return !NEVER_READ.has(extname(text));
}
