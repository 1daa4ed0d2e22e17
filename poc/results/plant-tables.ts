import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Task } from '@genba/shared/model/task';
import { stringify } from 'csv-stringify/sync';
import { loadDataset } from '../../main/agent/dataset/dataset.ts';
import type { ProblemPlant } from './problem.ts';

/**
 * Reads plants' rows as their agents would: from a CSV file each, split and standardised by the plant's own statistics.
 * What an agent holds out is the plant's test.
 */
export async function readPlantTables(
  task: Task,
  tables: ReadonlyMap<string, readonly Readonly<Record<string, string>>[]>,
  seed: number,
): Promise<ProblemPlant[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'genba-results-'));
  try {
    const plants: ProblemPlant[] = [];
    for (const [name, rows] of tables) {
      const file = path.join(folder, `${plants.length}.csv`);
      await writeFile(file, stringify([...rows], { header: true }));
      const { training, validation } = await loadDataset(file, task, { seed });
      plants.push({ name, training, test: validation });
    }
    return plants;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
