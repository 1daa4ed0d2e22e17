import { loadDataset } from '@genba/main/agent/dataset/dataset';
import { roundSeed } from '@genba/main/agent/rounds/round-seed';
import { TrainerProcess } from '@genba/main/agent/trainer/trainer-process';
import type { BackendName } from '@genba/main/trainer/messages';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';

/**
 * What a plant reaches without the others: the same first weights, the same data, split, rounds and order of
 * examples as its agent had, only never synced.
 * @returns the plant's own weights after all rounds
 */
export async function trainAlone(options: {
  readonly task: Task;
  readonly datasetFolder: string;
  readonly rounds: number;
  readonly seed: number;
  readonly backend: BackendName | null;
}): Promise<Float32Array> {
  const { task, rounds, seed, backend } = options;
  const { training, validation } = await loadDataset(options.datasetFolder, task, { seed });
  const trainer = new TrainerProcess();
  try {
    await trainer.load({ task, training, validation, check: null, backend });
    let weights = initialWeights(weightLayout(task), task.seed);
    for (let round = 1; round <= rounds; round++) {
      weights = (await trainer.train(weights, { seed: roundSeed(seed, round) })).weights;
    }
    return weights;
  } finally {
    await trainer.close();
  }
}
