import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { copyPackages, isNeeded, runtimePackages } from './agent-packages.ts';

const PC = { platform: 'linux', arch: 'x64' } as const;
const native = (path: string) => path.split('/').join(sep);

/** A project of packages, by folder: what each needs, and its files. */
function project(packages: Readonly<Record<string, object>>): string {
  const root = mkdtempSync(join(tmpdir(), 'genba 包 '));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [folder, manifest] of Object.entries(packages)) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(root, folder, 'index.js'), '');
  }
  return root;
}

describe('runtimePackages', () => {
  it('follows what each needs, to the nearest one, and passes over what is missing but optional', () => {
    const root = project({
      main: { dependencies: { a: '1', '@genba/shared': '1' }, optionalDependencies: { gone: '1', o: '1' } },
      'main/node_modules/a': { dependencies: { b: '2' } },
      'node_modules/a': { dependencies: { never: '1' } },
      'node_modules/b': { dependencies: { a: '1' } },
      'node_modules/o': { dependencies: { '@s/p': '1' } },
      'node_modules/@s/p': {},
      'node_modules/never': {},
    });
    const needed = ['main/node_modules/a', 'node_modules/@s/p', 'node_modules/a', 'node_modules/b'];
    expect(runtimePackages(root, ['main'], new Set())).toEqual(
      [...needed, 'node_modules/never', 'node_modules/o'].map(native),
    );
    expect(runtimePackages(`${root}${sep}`, ['main'], new Set(['o', 'never']))).toEqual(
      ['main/node_modules/a', 'node_modules/a', 'node_modules/b'].map(native),
    );
  });

  it('refuses to leave out what is needed', () => {
    const root = project({ main: { dependencies: { a: '1' } } });
    expect(() => runtimePackages(root, ['main'], new Set())).toThrow(/^a, which/);
  });

  it('finds all that the agent needs in this project', () => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const found = runtimePackages(root, ['main', 'shared'], new Set());
    for (const name of ['better-sqlite3', 'sharp', 'webgpu', 'ws', 'zod', '@tensorflow/tfjs-backend-wasm'])
      expect(found).toContain(join('node_modules', name));
    expect(found).toContain(join('main', 'node_modules', 'commander'));
  });
});

describe('copyPackages', () => {
  it('copies what runs, and what a link stands for', async () => {
    const root = project({ 'node_modules/p': {}, 'node_modules/p/node_modules/q': {}, cache: {} });
    writeFileSync(join(root, 'cache', 'lib.so.2'), '');
    writeFileSync(join(root, 'cache', 'lib.h'), '');
    symlinkSync('lib.so.2', join(root, 'cache', 'lib.so'));
    symlinkSync(join(root, 'cache'), join(root, 'node_modules', 'p', 'deps'));
    writeFileSync(join(root, 'node_modules', 'p', 'README.md'), '');
    const target = join(root, 'out');
    await copyPackages(root, [native('node_modules/p')], target, PC);
    const copied = readdirSync(join(target, 'node_modules', 'p'), { recursive: true, encoding: 'utf8' });
    expect(copied.sort()).toEqual(
      [
        'deps',
        'deps/index.js',
        'deps/lib.so',
        'deps/lib.so.2',
        'deps/package.json',
        'index.js',
        'package.json',
      ].map(native),
    );
  });
});

describe('isNeeded', () => {
  it.each([
    ['better-sqlite3/prebuilds/linux-x64.node', true],
    ['better-sqlite3/prebuilds/linuxmusl-x64.node', false],
    ['better-sqlite3/prebuilds/win32-x64.node', false],
    ['better-sqlite3/src', false],
    ['webgpu/dist/linux-x64', true],
    ['webgpu/dist/linux-arm64', false],
    ['@tensorflow/tfjs-core/dist/tf-core.node.js', true],
    ['@tensorflow/tfjs-core/dist/index.d.ts', false],
    ['@tensorflow/tfjs-core/dist/tf-core.js', false],
    ['@tensorflow/tfjs-core/dist/tf-core.min.js', false],
    ['@tensorflow/tfjs-backend-cpu/dist/tf-backend-cpu.fesm.js', false],
    ['@tensorflow/tfjs-backend-cpu/dist/tf-backend-cpu.node.js', true],
    ['@tensorflow/tfjs-backend-cpu/dist/shared.js', true],
    ['@tensorflow/tfjs-node/dist/index_test.js', false],
    ['@tensorflow/tfjs/dist/tf.min.js.html', false],
    ['@tensorflow/tfjs/dist/tf.node.js', true],
    ['@tensorflow/tfjs-node/node_modules', false],
    ['pino/test', false],
    ['pino/lib/test', true],
    ['@pinojs/redact/test', false],
    ['testing/index.js', true],
  ])('%s: %s', (path, expected) => {
    expect(isNeeded(native(path), PC)).toBe(expected);
  });
});
