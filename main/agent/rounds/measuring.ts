import { toAppError } from '@genba/shared/errors/app-error';
import type { EvaluationResult, EvaluationSet } from '../../trainer/messages.ts';
import type { CurrentExamples } from '../dataset/dataset-keeper.ts';
import type { Judging, PlantModels } from '../model/plant-models.ts';
import type { ClientStore, WeightScores } from '../store/client-store.ts';
import type { ModelSync } from '../store/model-table.ts';
import type { AgentSettings } from '../store/settings.ts';
import type { TrainerProcess } from '../trainer/trainer-process.ts';

/** What measuring needs of the agent. */
export interface MeasuringContext {
  readonly client: ClientStore;
  /** The models of each sync are judged before the next round. */
  readonly models: Pick<PlantModels, 'isJudgingDue' | 'judge' | 'considerRound'>;
  /** See `DatasetKeeper.validationPictures`. */
  readonly validationPictures: (version: number) => (places: readonly number[]) => string[];
  /** What there is to learn from, as it is by now; null as long as nothing was read. */
  readonly examples: () => CurrentExamples | null;
  readonly settings: () => AgentSettings;
  /** State, progress or problem changed. */
  readonly onChange: () => void;
}

type Evaluator = Pick<TrainerProcess, 'evaluate'>;

/** How good a round has made the weights; null where that is not known. */
export interface RoundFigures {
  readonly validation: EvaluationResult | null;
  readonly check: EvaluationResult | null;
}

/** What of the figures is kept; null where nothing was measured. */
export function scoresOf({ validation, check }: RoundFigures): WeightScores | null {
  const kind = (validation ?? check)?.scoreKind;
  if (kind === undefined) return null;
  return { kind, own: validation?.score ?? null, check: check?.score ?? null };
}

/** Measures how good weights are, between the rounds: what came from the aggregator, and what rounds have made. */
export class Measuring {
  readonly #context: MeasuringContext;

  constructor(context: MeasuringContext) {
    this.#context = context;
  }

  /**
   * Judges what came from the aggregator before it is trained on: the three models, and the weights for the history.
   * @param version of the examples that the trainer has
   */
  async installed(trainer: Evaluator, version: number): Promise<void> {
    const { client, models, onChange } = this.#context;
    const isDue = models.isJudgingDue;
    const together = isDue ? await models.judge(this.#judging(trainer, version)) : null;
    const baseId = client.unmeasuredInstall();
    const weights = client.weights();
    if (baseId !== null && weights !== null) {
      const validation = together ?? (await this.#measure(trainer, weights, 'validation'));
      const check = await this.#measure(trainer, weights, 'check');
      client.saveInstallScores(baseId, scoresOf({ validation, check }));
    } else if (!isDue) return;
    onChange();
  }

  /** A round is kept also when somebody wants the PC while it is being judged: then that stays unknown. */
  async round(trainer: Evaluator, weights: Float32Array): Promise<RoundFigures> {
    const validation = await this.#measureUnlessWanted(trainer, weights, 'validation');
    return { validation, check: await this.#measureUnlessWanted(trainer, weights, 'check') };
  }

  /** Lets the gate decide about what a round has made. */
  async consider(
    trainer: Evaluator,
    version: number,
    round: {
      readonly weights: Float32Array;
      readonly validation: EvaluationResult;
      readonly sync: Omit<ModelSync, 'syncedAt'>;
    },
  ): Promise<void> {
    const { weights, validation, sync } = round;
    await this.#context.models.considerRound(weights, validation, sync, this.#judging(trainer, version));
  }

  #judging(trainer: Evaluator, version: number): Judging {
    const { settings, validationPictures } = this.#context;
    return {
      evaluate: (weights) => trainer.evaluate(weights, 'validation', settings().sharePercent),
      examplesVersion: version,
      picturesAt: validationPictures(version),
    };
  }

  async #measureUnlessWanted(
    trainer: Evaluator,
    weights: Float32Array,
    set: EvaluationSet,
  ): Promise<EvaluationResult | null> {
    try {
      return await this.#measure(trainer, weights, set);
    } catch (thrown) {
      if (toAppError(thrown).code !== 'trainer/cancelled') throw thrown;
      return null;
    }
  }

  async #measure(
    trainer: Evaluator,
    weights: Float32Array,
    set: EvaluationSet,
  ): Promise<EvaluationResult | null> {
    const { validationCount, checkCount } = this.#context.examples()!;
    if ((set === 'validation' ? validationCount : checkCount) === 0) return null;
    return await trainer.evaluate(weights, set, this.#context.settings().sharePercent);
  }
}
