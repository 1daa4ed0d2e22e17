import { AppError } from '@genba/shared/errors/app-error';
import { seededRandom } from '@genba/shared/model/random';
import type { Task } from '@genba/shared/model/task';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { augmentationOf } from './augmentation.ts';
import { evenBatches, shuffledOrder } from './batches.ts';
import { Descent } from './descent.ts';
import type { ExampleSet, TrainerReply } from './messages.ts';
import type { StepTaker } from './native-graph/step.ts';
import { learntPlaces } from './objective.ts';
import { Pacer } from './pacer.ts';
import type { ProximalPull } from './proximal.ts';

/** Shortest time between two progress reports, milliseconds. */
const PROGRESS_INTERVAL_MS = 100;
/** Sets the draws for pictures apart from those for the order, both of one seed. */
const AUGMENTATION_SEED = 0x5eed_1a6e;

/** Where a round stands, without the request it belongs to. */
export type RoundProgress = Omit<Extract<TrainerReply, { type: 'progress' }>, 'type' | 'id'>;

export interface RoundOptions {
  /** Orders the examples, any 32-bit unsigned integer. */
  readonly seed: number;
  readonly training: Task['training'];
  /** Holds the round near the start weights; null costs nothing. */
  readonly pull: ProximalPull | null;
  /** What takes the model's steps. */
  readonly steps: StepTaker;
  /** Rests between the batches; left out: only as long as the channel to the agent needs. */
  readonly pacer?: Pacer;
  readonly onProgress: (progress: RoundProgress) => void;
  /** Asked after every batch, and while it rests. */
  readonly isCancelled: () => boolean;
}

/**
 * One local round: `training.epochs` passes of stochastic gradient descent over the set, the optimiser fresh.
 * A pass is spread evenly over its batches; a set smaller than `training.batchSize` is one batch.
 * Bit-reproducible on the plain JavaScript backend for one seed.
 *
 * Shapes: the model's weights are changed in place. Returns the mean loss per example over the last epoch.
 * @throws AppError `trainer/diverged` (a loss that is not finite), `trainer/cancelled`, `dataset/too-small`
 */
export async function trainRound(
  model: LayersModel,
  task: Task,
  set: ExampleSet,
  options: RoundOptions,
): Promise<number> {
  const { training, pull, steps, pacer = new Pacer() } = options;
  const { epochs, batchSize } = training;
  const places = learntPlaces(task, set);
  const count = places.length;
  if (count === 0) throw new AppError('dataset/too-small', { detail: 'no training examples' });
  const batchesPerEpoch = Math.ceil(count / batchSize);
  const batches = epochs * batchesPerEpoch;
  const random = seededRandom(options.seed);
  // Draws of its own: the order of the examples is the same with and without.
  const augment = augmentationOf(task, seededRandom((options.seed ^ AUGMENTATION_SEED) >>> 0));
  const descent = await Descent.begin({ model, task, set, training, pull, augment, steps });
  let batch = 0;
  let epochLoss = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const order = shuffledOrder(count, random).map((index) => places[index]!);
      epochLoss = 0;
      for (const picked of evenBatches(order, batchSize)) {
        const loss = await descent.step(picked);
        if (!Number.isFinite(loss)) {
          throw new AppError('trainer/diverged', { detail: `loss of batch ${batch + 1} of ${batches}` });
        }
        batch += 1;
        epochLoss += (loss * picked.length) / count;
        const now = performance.now();
        if (batch === batches || now - reportedAt >= PROGRESS_INTERVAL_MS) {
          reportedAt = now;
          options.onProgress({ epoch, epochs, batch, batches, loss });
        }
        const standing = { epoch, epochs, batch, batches, loss };
        // Lets a waiting `cancel` in; a long rest must not look like a dead trainer.
        await pacer.rest(options.isCancelled, () => options.onProgress(standing));
        if (options.isCancelled()) throw new AppError('trainer/cancelled');
      }
    }
  } finally {
    descent.dispose();
  }
  return epochLoss;
}
