import { fastestKernels } from '@genba/shared/federation/kernels/fastest-kernels';
import type { Finding } from '@genba/shared/federation/screening/finding';
import { type CheckSetChange, judgeCheckSet } from '@genba/shared/federation/screening/judge-check-set';
import { judgeFirst, judgeNorms, lacksHistory } from '@genba/shared/federation/screening/judge-norms';
import {
  deltaNorms,
  type NormGroup,
  type Norms,
  normGroups,
  weightNorms,
} from '@genba/shared/federation/screening/norms';
import type { ScreeningSettings } from '@genba/shared/federation/screening/settings';
import { addShift } from '@genba/shared/federation/shift';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import type { CheckSetJudge } from '../check-set/check-set-judge.ts';
import { readHistory } from '../store/norm-history.ts';
import type { Measured, ScreeningBasis } from './merge-runner.ts';

/** An update, with its name by content. */
export interface ClientUpdate {
  /** W_m. */
  readonly clientWeights: Float32Array;
  readonly clientDigest: string;
}

/** The same with what its client started from. */
interface Moved extends ClientUpdate {
  readonly startWeights: Float32Array;
  readonly startDigest: string;
}

/** The vectors an update is screened with. */
interface Examined extends ClientUpdate {
  /** S_m, or G_τ; null where neither is kept. */
  readonly startWeights: Float32Array | null;
  /** G_v. */
  readonly globalWeights: Float32Array;
  /** Names G_v by its content. */
  readonly globalDigest: string;
}

/**
 * Judges updates of one task before anything is merged, in the thread of its strategy. Its verdict depends on the update,
 * the state and the history alone, so a replay comes to the same one.
 */
export class Screening {
  readonly #task: Task;
  readonly #settings: ScreeningSettings;
  readonly #groups: readonly NormGroup[];
  readonly #checkSet: string | null;
  #judge: Promise<CheckSetJudge> | undefined;
  /** The served weights that were judged last: they stay while updates are buffered or quarantined. */
  #served: { readonly digest: string; readonly score: number } | null = null;
  /** What was measured last. */
  #measured: { readonly of: string; readonly norms: Norms } | null = null;

  constructor(task: Task, settings: ScreeningSettings, checkSet: string | null) {
    this.#task = task;
    this.#settings = settings;
    this.#groups = normGroups(weightLayout(task));
    this.#checkSet = checkSet;
  }

  /** Loads the check set, if the task has one. @throws AppError `check-set/unusable` */
  async prepare(): Promise<void> {
    await this.#loadJudge();
  }

  /** Measures ahead what {@link examine} will ask of an update that started from these weights. */
  measure({ clientWeights, clientDigest, startWeights, startDigest }: Moved): Norms {
    const of = `${clientDigest} from ${startDigest}`;
    if (this.#measured?.of !== of) {
      const norms = deltaNorms({ clientWeights, startWeights }, this.#groups, fastestKernels());
      this.#measured = { of, norms };
    }
    return this.#measured.norms;
  }

  /** @returns why the update must wait, or what was measured of it. @throws AppError `check-set/unusable` */
  async examine(vectors: Examined, basis: ScreeningBasis): Promise<Measured | { readonly finding: Finding }> {
    const { startWeights, globalWeights, globalDigest } = vectors;
    // How far G has moved since is no work of the client: with G_v in place of what it started from, only what is absurd
    // is found, and no history is made of it.
    const origin = startWeights ?? globalWeights;
    const startDigest = startWeights === null ? globalDigest : basis.startDigest!;
    const moved = this.measure({ ...vectors, startWeights: origin, startDigest });
    const norms = startWeights === null ? null : moved;
    if (basis.isReleased) return { norms, checkSet: null };
    const startNormsOf = () => weightNorms(origin, this.#groups);
    const history = readHistory(basis.history);
    const outOfOrdinary =
      norms === null || lacksHistory(history, this.#settings)
        ? judgeFirst(moved, startNormsOf(), this.#groups)
        : judgeNorms({ rounds: basis.rounds, norms }, history, {
            settings: this.#settings,
            startNormsOf,
          });
    // The check set takes longest, and says nothing more about an update that waits anyway.
    if (outOfOrdinary !== null) return { finding: outOfOrdinary };
    const checkSet = await this.#checkSetChange(vectors);
    const spoiling = checkSet === null ? null : judgeCheckSet(checkSet, this.#settings);
    return spoiling === null ? { norms, checkSet } : { finding: spoiling };
  }

  async #checkSetChange(vectors: Examined): Promise<CheckSetChange | null> {
    const judge = await this.#loadJudge();
    if (judge === null) return null;
    const { clientWeights, startWeights, globalWeights, globalDigest: digest } = vectors;
    if (this.#served?.digest !== digest) this.#served = { digest, score: await judge.score(globalWeights) };
    const candidate = addShift(globalWeights, startWeights ?? globalWeights, clientWeights);
    return { metric: judge.metric, before: this.#served.score, after: await judge.score(candidate) };
  }

  #loadJudge(): Promise<CheckSetJudge | null> {
    if (this.#checkSet === null) return Promise.resolve(null);
    const folder = this.#checkSet;
    // TensorFlow.js takes its time and 60 MB, so only tasks with a check set load it. A failed attempt is repeated.
    this.#judge ??= import('../check-set/check-set-judge.ts')
      .then(({ CheckSetJudge: Judge }) => Judge.load(this.#task, folder))
      .catch((thrown) => {
        this.#judge = undefined;
        throw thrown;
      });
    return this.#judge;
  }
}
