import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { buildTrayIcons } from './build-icons.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles the desktop shell into `main/desktop/dist`: CommonJS, because a sandboxed preload must be, and because
 * an ES-module main starts too late for a test driver to take hold of. Each by itself: a sandboxed preload can load no
 * other file, and one bundle of both would share what both use.
 */
export async function buildDesktop(): Promise<void> {
  await buildProgram('main', { emptyOutDir: true });
  await buildProgram('preload', { emptyOutDir: false });
  await buildProgram('update-guard', { emptyOutDir: false });
  await buildTrayIcons(join(root, 'main', 'desktop', 'dist'));
}

async function buildProgram(name: string, { emptyOutDir }: { emptyOutDir: boolean }): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, external: ['electron'] },
    build: {
      ssr: true,
      outDir: 'main/desktop/dist',
      emptyOutDir,
      // Electron 33, the oldest we run on, has Node 20.
      target: 'node20',
      minify: false,
      rolldownOptions: {
        input: { [name]: `main/desktop/${name}.ts` },
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' },
      },
    },
  });
}

if (import.meta.main) await buildDesktop();
