import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');
const ROOMS = ['shared', 'aggregator-server', 'main', 'renderer', 'demo', 'poc', 'bench', 'e2e', 'tools'];

interface Report {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string }[];
  };
}

/** One forbidden import per rule: which file holds it, and what it says. */
const PLANTED: Record<string, { readonly file: string; readonly source: string }> = {
  'shared-is-a-leaf': {
    file: 'shared/planted.ts',
    source: "export type { BackendName } from '../main/trainer/messages.ts';",
  },
  'shared-runs-anywhere': { file: 'shared/planted.ts', source: "export { sep } from 'node:path';" },
  'aggregator-stands-alone': {
    file: 'aggregator-server/planted.ts',
    source: "export type { BackendName } from '../main/trainer/messages.ts';",
  },
  'main-stands-alone': { file: 'main/agent/planted.ts', source: "export * from '../../renderer/target.ts';" },
  'renderer-stands-alone': {
    file: 'renderer/ui/planted.ts',
    source: "export type { BackendName } from '../../main/trainer/messages.ts';",
  },
  'renderer-is-a-browser': { file: 'renderer/ui/planted.ts', source: "export { sep } from 'node:path';" },
  'durable-files-stand-alone': {
    file: 'main/durable-file/planted.ts',
    source: "export * from '../agent/target.ts';",
  },
  'trainer-is-sealed': { file: 'main/trainer/planted.ts', source: "export * from '../agent/target.ts';" },
  'agent-speaks-to-the-trainer-by-messages': {
    file: 'main/agent/planted.ts',
    source: "export * from '../trainer/target.ts';",
  },
  'agent-needs-no-desktop': {
    file: 'main/agent/planted.ts',
    source: "export * from '../desktop/target.ts';",
  },
  'desktop-is-a-thin-window': {
    file: 'main/desktop/planted.ts',
    source: "export * from '../agent/target.ts';",
  },
  'electron-only-in-desktop': {
    file: 'main/agent/planted.ts',
    source: "export const load = () => import('electron');",
  },
  'tfjs-only-in-trainer': { file: 'main/agent/planted.ts', source: "export * from '@tensorflow/tfjs-core';" },
  'no-cycles': { file: 'shared/planted.ts', source: "export * from './planted.ts';" },
  'nothing-unresolvable': { file: 'shared/planted.ts', source: "export * from './missing.ts';" },
};

/** The rules as the config states them, so that a new rule without a planted violation fails here. */
function ruleNames(): string[] {
  const config = readFileSync(path.join(ROOT, '.dependency-cruiser.cjs'), 'utf8');
  return [...config.matchAll(/name: '([a-z-]+)'/g)].map(([, name]) => name!);
}

function cruise(folder: string): Report {
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...ROOMS];
  const command = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  try {
    const output = execFileSync(process.execPath, [command, ...args], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    return JSON.parse(output) as Report;
  } catch (error) {
    // Violations make it exit non-zero; the report is on standard output all the same.
    return JSON.parse((error as { stdout: string }).stdout) as Report;
  }
}

describe('the import wall', () => {
  let copy = '';

  beforeAll(() => {
    copy = mkdtempSync(path.join(tmpdir(), 'genba-wall-'));
    for (const room of ROOMS) mkdirSync(path.join(copy, room), { recursive: true });
    cpSync(path.join(ROOT, '.dependency-cruiser.cjs'), path.join(copy, '.dependency-cruiser.cjs'));
    cpSync(path.join(ROOT, 'package.json'), path.join(copy, 'package.json'));
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
    const folders = [
      ...['main/agent', 'main/trainer', 'main/desktop', 'main/durable-file'],
      ...['renderer/ui', 'renderer'],
    ];
    for (const folder of folders) {
      mkdirSync(path.join(copy, folder), { recursive: true });
      writeFileSync(path.join(copy, folder, 'target.ts'), 'export const target = 1;\n');
    }
    writeFileSync(path.join(copy, 'main/trainer/messages.ts'), "export type BackendName = 'cpu';\n");
  });

  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('has a planted violation for every rule', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(ruleNames().sort());
  });

  it('lets a clean tree pass, and really reads it', () => {
    const { summary } = cruise(copy);
    expect(summary.violations).toEqual([]);
    expect(summary.totalCruised).toBeGreaterThan(4);
  });

  it.each(Object.entries(PLANTED))('%s fails on a planted import', (rule, { file, source }) => {
    const target = path.join(copy, file);
    writeFileSync(target, `${source}\n`);
    try {
      const broken = cruise(copy).summary.violations.filter(({ from }) => from === file);
      expect(broken.map(({ rule: { name } }) => name)).toContain(rule);
    } finally {
      rmSync(target);
    }
  });

  it('passes on the project itself, over all of its modules', () => {
    const { summary } = cruise(ROOT);
    expect(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`)).toEqual([]);
    expect(summary.totalCruised).toBeGreaterThan(50);
  });
});

describe('the pure rooms', () => {
  it('use no clock and no randomness of their own', () => {
    const folder = path.join(ROOT, 'shared/federation');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    expect(files).toContain(path.join('strategies', 'strategy.ts'));
    for (const file of files) {
      expect(readFileSync(path.join(folder, file), 'utf8'), file).not.toMatch(
        /\bMath\.random\b|\bDate\b|\bperformance\b/,
      );
    }
  });
});
