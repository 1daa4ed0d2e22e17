import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { buildDesktop } from './build-desktop.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const LOCK = join(root, '.tsbuild', 'build-windows.lock');
const LOCK_STALE_MS = 120_000;
const LOCK_POLL_MS = 100;

/** What each build reads, and a file that tells when it was last done. */
const PAGES = {
  sources: ['renderer', 'shared', 'tools/build-windows.ts', 'package-lock.json'],
  product: 'renderer/dist/desktop/index.html',
};
const SHELL = {
  sources: [
    ...['main/desktop', 'main/agent', 'main/durable-file', 'shared'],
    ...['tools/build-desktop.ts', 'tools/build-windows.ts', 'package-lock.json'],
  ],
  product: 'main/desktop/dist/main.cjs',
};

/**
 * Builds the pages and the shell where their sources are newer than what was built.
 * @param onBuild told before anything is built: it takes a while
 */
export async function buildWindows(onBuild: () => void = () => undefined): Promise<void> {
  // Two test files may start at once; the second finds everything built.
  await withLock(async () => {
    if (isStale(PAGES) || isStale(SHELL)) onBuild();
    await asProduction(async () => {
      if (isStale(PAGES)) {
        await build({ configFile: join(root, 'renderer', 'vite.config.ts'), logLevel: 'warn' });
      }
      if (isStale(SHELL)) await buildDesktop();
    });
  });
}

/**
 * Whoever builds first builds for all: the tests, whose own surroundings would have React's slow form for developers
 * built, with the paths of this checkout in it, must leave what a package may hold.
 */
async function asProduction(work: () => Promise<void>): Promise<void> {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

function isStale({ sources, product }: typeof PAGES): boolean {
  const builtAt = statSync(join(root, product), { throwIfNoEntry: false })?.mtimeMs;
  return builtAt === undefined || sources.some((source) => newestChange(join(root, source)) > builtAt);
}

function newestChange(path: string): number {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  const children = readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => name !== 'dist' && name !== 'node_modules' && !/\.test\.tsx?$/.test(name))
    .map(({ name }) => newestChange(join(path, name)));
  return Math.max(0, ...children);
}

async function withLock(work: () => Promise<void>): Promise<void> {
  while (!takeLock()) await sleep(LOCK_POLL_MS);
  try {
    await work();
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

function takeLock(): boolean {
  mkdirSync(join(root, '.tsbuild'), { recursive: true });
  const heldSince = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs;
  // Whoever held it this long was killed.
  if (heldSince !== undefined && Date.now() - heldSince > LOCK_STALE_MS)
    rmSync(LOCK, { recursive: true, force: true });
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    return false;
  }
}
