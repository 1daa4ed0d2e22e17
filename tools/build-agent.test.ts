import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agentPrograms, buildAgent } from './build-agent.ts';

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'genba エージェント '));
  await buildAgent(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('holds every program that the agent starts', () => {
  const programs = agentPrograms();
  expect(programs).toContain('main/agent/judging/picture-child.ts');
  for (const program of programs)
    expect(existsSync(join(folder, program.replace(/\.ts$/, '.js'))), program).toBe(true);
});

it('looks for none of its files under the name of its source', () => {
  const files = globSync('**/*.js', { cwd: folder });
  expect(files.length).toBeGreaterThan(100);
  const lost = files.filter((file) =>
    /['"`]\.{1,2}\/[^'"`]+\.ts['"`]/.test(readFileSync(join(folder, file), 'utf8')),
  );
  expect(lost).toEqual([]);
});
