import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@genba/shared/model/random';
import { expect, it } from 'vitest';
import { listen } from './testing/command.ts';
import { largeTask } from './testing/fixtures.ts';
import { catalogueContent, statusOf } from './testing/gateway-bench.ts';
import { PersistentPlant } from './testing/persistent-plant.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const KILLS = 10;
/** Longest life after listening, milliseconds: a few updates of the large task on an idle machine. */
const LONGEST_LIFE_MS = 250;
const FEWEST_UPDATES = 10;

it(`applies every confirmed update exactly once over at least ${KILLS} kills`, {
  timeout: 300_000,
}, async () => {
  const folder = await temporaryFolder();
  const task = largeTask();
  const file = join(folder, 'task.json');
  await writeFile(file, JSON.stringify(task));
  const data = join(folder, 'data');
  const args = ['--open-loopback', '--data', data, '--port', '0', '--task', file, '--log-level', 'error'];
  const random = seededRandom(4);

  let running = await listen(args);
  const plants = [1, 2].map(() => new PersistentPlant(task.id, () => running.address));
  const lives = Promise.all(plants.map((plant) => plant.run()));
  const confirmedCount = () => plants.reduce((count, plant) => count + plant.confirmed.length, 0);
  // A busy machine gets more and longer lives, so that there is always something to lose.
  for (let kill = 0; kill < KILLS || confirmedCount() < FEWEST_UPDATES; kill++) {
    const longestLifeMs = LONGEST_LIFE_MS * 2 ** Math.floor(kill / KILLS);
    await Promise.race([delay(random() * longestLifeMs), lives]);
    running.child.kill('SIGKILL');
    await running.ended;
    running = await listen(args);
  }
  for (const plant of plants) plant.finish();
  await lives;

  const confirmed = plants.flatMap((plant) => plant.confirmed);
  expect(new Set(confirmed).size).toBe(confirmed.length);
  await expect
    .poll(async () => (await statusOf(running.address)).tasks[0]?.counts, { timeout: 10_000 })
    .toEqual({
      received: confirmed.length,
      applied: confirmed.length,
      refused: 0,
      failed: 0,
      quarantined: 0,
    });
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ exitCode: 0 });

  const content = catalogueContent(data);
  const updates = content.updates as { id: string; version_after: number; staleness: number }[];
  expect(updates.map(({ id }) => id).sort()).toEqual([...confirmed].sort());
  expect(updates.map((update) => update.version_after).sort((a, b) => a - b)).toEqual(
    confirmed.map((_, index) => index + 1),
  );
  expect(content.integrity).toEqual([{ integrity_check: 'ok' }]);
  expect(await readdir(join(data, 'transfers'))).toEqual([]);
});
