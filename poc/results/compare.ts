import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { seededRandom } from '@genba/shared/model/random';
import { roundSeed } from '../../main/agent/rounds/round-seed.ts';
import type { BackendName, EvaluationResult } from '../../main/trainer/messages.ts';
import { TrainerSession } from '../../main/trainer/session.ts';
import { drawRoundSeconds, RASPBERRY_PI } from '../round-times.ts';
import { federate } from '../virtual-federation.ts';
import { joinExamples, type Problem } from './problem.ts';

/** How a model came about. */
export const WAYS = ['alone', 'own', 'shared', 'together'] as const;
export type Way = (typeof WAYS)[number];

/** What one plant gets from each way. */
export interface PlantComparison {
  readonly plant: string;
  readonly trainingExamples: number;
  /** Rounds that it trained, alone as well as in the federation. */
  readonly rounds: number;
  /** On the plant's own kind of data. */
  readonly ownTest: Readonly<Record<Way, EvaluationResult>>;
  /** On the common test. */
  readonly commonTest: Readonly<Record<Way, EvaluationResult>>;
}

/** Nobody needs to know how far a round is, and nobody cancels it. */
const CONTROL = { onProgress: () => {}, isCancelled: () => false };

/**
 * Trains all ways on one deal of the data, and judges what each plant would have of each.
 *
 * Alone: its own data, as many rounds as it trained in the federation. Federated: its own model after its last reply,
 * and the shared one. Together: all data in one place, for as many rounds as the plants trained on average.
 * @param backend of the trainer; null = the fastest that works
 */
export async function comparePlants(
  problem: Problem,
  { seed, backend }: { readonly seed: number; readonly backend: BackendName | null },
): Promise<PlantComparison[]> {
  const { task, commonTest } = problem;
  const layout = weightLayout(task);
  const first = initialWeights(layout, task.seed);
  const sessions: TrainerSession[] = [];
  for (const { training, test } of problem.plants) {
    sessions.push(
      await TrainerSession.load({ task, backend, training, validation: test, check: commonTest }),
    );
  }
  const trainRound = async (session: TrainerSession, weights: Float32Array, seedOfRound: number) =>
    (await session.train(weights, { seed: seedOfRound }, CONTROL)).weights;

  const random = seededRandom(seed);
  const rounds = problem.plants.map(() => 0);
  const federated = await federate({
    strategy: createStrategy(task.federation, layout),
    layout,
    initialWeights: first,
    horizonSeconds: problem.horizonSeconds,
    plants: problem.plants.map(({ name, training }, index) => ({
      id: name,
      examples: training.labels.length,
      train: ({ number, weights }) => {
        rounds[index] = number;
        return trainRound(sessions[index]!, weights, roundSeed(seed, number));
      },
      drawSeconds: () => drawRoundSeconds(RASPBERRY_PI[index % RASPBERRY_PI.length]!, random),
    })),
  });

  const alone: Float32Array[] = [];
  for (const [index, session] of sessions.entries()) {
    let weights = first;
    for (let round = 1; round <= rounds[index]!; round++) {
      weights = await trainRound(session, weights, roundSeed(seed, round));
    }
    alone.push(weights);
  }

  const pool = joinExamples(problem.plants.map(({ training }) => training));
  const pooled = await TrainerSession.load({
    task,
    backend,
    training: pool,
    validation: commonTest,
    check: null,
  });
  let together = first;
  const meanRounds = Math.round(rounds.reduce((sum, count) => sum + count, 0) / rounds.length);
  for (let round = 1; round <= meanRounds; round++) {
    together = await trainRound(pooled, together, roundSeed(seed, round));
  }
  pooled.dispose();

  const comparisons: PlantComparison[] = [];
  for (const [index, { name, training }] of problem.plants.entries()) {
    const session = sessions[index]!;
    const weights: Record<Way, Float32Array> = {
      alone: alone[index]!,
      own: federated.plantWeights[index]!,
      shared: federated.globalWeights,
      together,
    };
    comparisons.push({
      plant: name,
      trainingExamples: training.labels.length,
      rounds: rounds[index]!,
      ownTest: await judgeAll(session, weights, 'validation'),
      commonTest: await judgeAll(session, weights, 'check'),
    });
    session.dispose();
  }
  return comparisons;
}

async function judgeAll(
  session: TrainerSession,
  weights: Readonly<Record<Way, Float32Array>>,
  set: 'validation' | 'check',
): Promise<Record<Way, EvaluationResult>> {
  const results: Partial<Record<Way, EvaluationResult>> = {};
  for (const way of WAYS) results[way] = await session.evaluate(weights[way], set);
  return results as Record<Way, EvaluationResult>;
}
