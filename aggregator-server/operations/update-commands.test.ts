import { join } from 'node:path';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { describe, expect, it } from 'vitest';
import { launch, listen, openLoopback } from '../testing/command.ts';
import { releaseFolder } from '../testing/release-folder.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';

const SAMPLE_TASK = join(import.meta.dirname, '..', 'tasks', 'mnist.json');

const run = (...args: string[]) => launch(['updates', ...args]).ended;

describe('genba-aggregator updates', () => {
  it('publishes, shares, withdraws and records it while a server runs', { timeout: 60_000 }, async () => {
    const data = await temporaryFolder();
    await listen(['serve', ...openLoopback(data, SAMPLE_TASK)]);
    const { from, name } = await releaseFolder('0.2.0');
    expect((await run('list', '--data', data)).stdout).toMatch(/^No version of the app is offered/);
    const published = await run('publish', '--data', data, '--from', from, '--share', '10');
    expect(published.stdout).toMatch(new RegExp(`Windows +│ 0\\.2\\.0 +│ 10 % +│ – +│ ${name} \\(\\d`));
    expect((await run('share', '60%', '--data', data)).stdout).toContain('│ 60 %');
    expect((await run('list', '--data', data)).stdout).toContain('│ 60 %');

    const again = await run('publish', '--data', data, '--from', from);
    expect(again.exitCode).toBe(84);
    for (const language of ['en', 'ja'] as const)
      expect(again.stderr).toContain(ERROR_CATALOGUE['updates/not-newer'][language]);

    const withdrawn = await run('withdraw', '--data', data);
    expect(withdrawn.stdout).toMatch(/^Windows: 0\.2\.0 withdrawn\nNo version of the app is offered/);
    const audit = await launch(['audit', '--data', data, '--format', 'jsonl']).ended;
    const rows = audit.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.filter(({ event }) => event.startsWith('update-'))).toMatchObject([
      { event: 'update-published', detail: { releases: ['latest.yml 0.2.0 10 %'] } },
      { event: 'update-share-set', detail: { releases: ['latest.yml 0.2.0 60 %'] } },
      { event: 'update-withdrawn', detail: { releases: ['latest.yml 0.2.0 60 %'] } },
    ]);
  });

  it('refuses a share that is none, and a folder that is no data folder', async () => {
    const folder = await temporaryFolder();
    expect((await run('share', '101', '--data', folder)).exitCode).toBe(2);
    expect((await run('list', '--data', folder)).exitCode).toBe(19);
    expect((await run('publish', '--data', folder, '--from', folder)).exitCode).toBe(19);
  });
});
