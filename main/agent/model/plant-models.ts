import { AppError, toAppError } from '@genba/shared/errors/app-error';
import {
  type Decision,
  type MistakeWish,
  type ModelReport,
  type ModelSummary,
  PLANT_MODELS,
  type PlantModel,
} from '@genba/shared/local-api/model';
import type { EvaluationResult, Outcomes } from '../../trainer/messages.ts';
import type { AgentDatabase } from '../store/database.ts';
import { digestOf, type ModelName, type ModelRow, type ModelSync, ModelTable } from '../store/model-table.ts';
import { toBytes } from '../store/weights-blob.ts';
import { judgeNewest, judgeOther, type Verdict } from './gate.ts';
import { type Judgement, judgementOf, judgementSchema, type PicturesAt } from './judgement.ts';
import { ModelLog } from './model-log.ts';

/** How models are judged at this moment. */
export interface Judging {
  /** @throws AppError `trainer/diverged` for a model whose answers are no numbers, `trainer/cancelled` */
  readonly evaluate: (weights: Float32Array) => Promise<EvaluationResult>;
  /** Other examples, another number. */
  readonly examplesVersion: number;
  readonly picturesAt: PicturesAt;
}

/** A model as it was judged now. */
interface Judged {
  readonly row: ModelRow;
  /** null: its answers are no numbers. */
  readonly result: EvaluationResult | null;
}

type OfThree = Judged & { readonly row: { readonly name: PlantModel } };

const UNUSABLE: Judgement = {
  isUsable: false,
  examples: 0,
  score: null,
  scoreKind: 'accuracy',
  loss: null,
  regression: null,
  classes: [],
  mistakes: [],
};

/**
 * The three models of a plant, and the one of them that judges new parts. After every sync the three are judged on the
 * plant's held-out examples, and the gate decides; a person may overrule it. All that counts is in the database, and
 * every decision is one transaction with what it changes.
 */
export class PlantModels {
  readonly #database: AgentDatabase;
  readonly #table: ModelTable;
  readonly #log: ModelLog;
  readonly #onModelChanged: () => void;
  readonly #now: () => Date;
  /** What was measured on the present examples, by digest: most models are judged more than once. */
  #measured: { readonly version: number; readonly results: Map<string, EvaluationResult | null> } | null =
    null;

  /** @param onModelChanged another model judges new parts from now on */
  constructor(database: AgentDatabase, onModelChanged: () => void, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#table = new ModelTable(database);
    this.#log = new ModelLog(database);
    this.#onModelChanged = onModelChanged;
    this.#now = now;
  }

  /** Whether there are models of the newest sync that were not judged yet. */
  get isJudgingDue(): boolean {
    return this.#unjudged().length > 0;
  }

  /**
   * Judges what has not been judged of the newest sync, and lets the gate decide. Nothing is changed where it is broken
   * off, or where another sync comes meanwhile: then it is due again.
   * @returns how good what the sync made was; null where that was judged before, or cannot be
   * @throws AppError `trainer/cancelled`, `trainer/crashed`
   */
  async judge(judging: Judging): Promise<EvaluationResult | null> {
    const judged: OfThree[] = [];
    for (const row of this.#unjudged()) {
      judged.push({ row, result: await this.#measure(row, judging) });
    }
    if (judged.length === 0) return null;
    const inUseRow = this.#table.find('in-use');
    const inUse = inUseRow && { row: inUseRow, result: await this.#measure(inUseRow, judging) };
    const before = inUseRow?.digest;
    this.#database.transaction(() => this.#conclude(judged, inUse, judging.picturesAt)).immediate();
    if (this.#table.find('in-use')?.digest !== before) this.#onModelChanged();
    return judged.find(({ row }) => row.name === 'together')?.result ?? null;
  }

  /**
   * A finished round has changed what this plant has learnt by itself: that is used where it is clearly better than the
   * model in use. So a plant that is cut off, or has only just begun, does not judge by what it started from.
   * @param weights as they were judged
   * @param sync what the round built on, and how many rounds are finished now
   */
  async considerRound(
    weights: Float32Array,
    result: EvaluationResult,
    sync: Omit<ModelSync, 'syncedAt'>,
    judging: Judging,
  ): Promise<void> {
    const digest = digestOf(toBytes(weights));
    this.#resultsOn(judging.examplesVersion).set(digest, result);
    this.#forgetOthersThan(digest);
    const row = this.#table.find('in-use');
    // What a sync made comes first: it may be as good as both.
    if (row === null || result.outcomes === null || this.isJudgingDue || this.#log.chosenBy() !== null)
      return;
    const inUse = await this.#measure(row, judging);
    const isTaken = this.#database
      .transaction(() => {
        if (!this.#isStillThere(row) || this.#log.chosenBy() !== null) return false;
        const deficit = this.#log.last()?.deficit ?? 0;
        const other = inUse?.outcomes ?? null;
        const verdict =
          other === null
            ? { isTaken: true, reason: 'as-good' as const, deficit: 0 }
            : judgeOther(result.outcomes!, other, deficit);
        if (!verdict.isTaken) return false;
        const at = this.#now().toISOString();
        const judgement = JSON.stringify(judgementOf(result, judging.picturesAt));
        this.#table.useOwn(weights, { ...sync, syncedAt: at, since: at, judgement });
        this.#log.enter({
          at,
          by: null,
          kind: 'taken',
          model: 'own',
          globalVersion: sync.globalVersion,
          reason: verdict.reason,
          score: result.score,
          inUseScore: inUse?.score ?? null,
          deficit: verdict.deficit,
        });
        return true;
      })
      .immediate();
    if (!isTaken) return;
    this.#onModelChanged();
  }

  /**
   * A person decides which model judges new parts, until {@link automatic}.
   * @param wish one of the three of the newest sync, or the one that is in use
   * @throws AppError `model/not-available`
   */
  use(wish: PlantModel | 'in-use', by: string): void {
    this.#database
      .transaction(() => {
        const at = this.#now().toISOString();
        const row = this.#table.find(wish);
        if (row === null || parsed(row)?.isUsable === false) {
          throw new AppError('model/not-available', { detail: wish });
        }
        const inUse = this.#table.find('in-use');
        if (wish !== 'in-use') this.#table.use(wish, at);
        this.#log.enter({
          at,
          by,
          kind: wish === 'in-use' ? 'kept' : 'taken',
          model: row.origin,
          globalVersion: row.globalVersion,
          reason: 'person',
          score: parsed(row)?.score ?? null,
          inUseScore: parsed(inUse)?.score ?? null,
          deficit: 0,
        });
      })
      .immediate();
    this.#onModelChanged();
  }

  /** The gate decides again, first of all about the models of the newest sync. */
  automatic(by: string): void {
    this.#database
      .transaction(() => {
        if (this.#log.chosenBy() === null) return;
        const nothing = { model: null, globalVersion: null, score: null, inUseScore: null };
        const at = this.#now().toISOString();
        this.#log.enter({ at, by, kind: 'automatic', reason: 'person', deficit: 0, ...nothing });
        for (const name of PLANT_MODELS) this.#table.saveJudgement(name, null);
      })
      .immediate();
  }

  /** What a window shows in one line; null before there is a model in use. */
  summary(): ModelSummary | null {
    const row = this.#table.find('in-use');
    if (row === null) return null;
    const judgement = parsed(row);
    const chosenBy = this.#log.chosenBy();
    return {
      chosenBy,
      inUse: {
        model: row.origin,
        globalVersion: row.globalVersion,
        from: row.syncedAt,
        since: row.since!,
        score: judgement?.score ?? null,
      },
      scoreKind: judgement?.scoreKind ?? null,
      isHoldingBack: chosenBy === null && this.#log.isNewestHeldBack(),
    };
  }

  /** All that people may know of the models. */
  report(): ModelReport {
    const models = PLANT_MODELS.flatMap((model) => {
      const row = this.#table.find(model);
      const judgement = parsed(row);
      if (row === null || judgement === null) return [];
      const { score, loss, classes, regression } = judgement;
      const mistakes = judgement.mistakes.map(({ pictures: _, ...mistake }) => mistake);
      const { isUsable: isAvailable } = judgement;
      const { globalVersion } = row;
      return [{ model, globalVersion, isAvailable, score, loss, classes, mistakes, regression }];
    });
    const comparisons = this.#log.comparisons();
    return { summary: this.summary(), models, comparisons, decisions: this.#log.decisions() };
  }

  /** Paths of held-out pictures that a model takes for something else; some of them. */
  mistakenPictures({ model, actual, judgedAs }: MistakeWish): readonly string[] {
    const mistakes = parsed(this.#table.find(model))?.mistakes ?? [];
    const found = mistakes.find((mistake) => mistake.actual === actual && mistake.judgedAs === judgedAs);
    return found?.pictures ?? [];
  }

  /** What is known of the model in use; null before there is one. */
  inUse(): ModelRow | null {
    return this.#table.find('in-use');
  }

  /** The weights of the model in use; null before there is one. */
  inUseWeights(): Float32Array | null {
    return this.#table.weights('in-use');
  }

  /** In the order in which they are decided about: the newest first. */
  #unjudged(): OfThree['row'][] {
    const newestFirst = ['together', 'own', 'shared'] as const;
    return newestFirst.flatMap((name) => {
      const row = this.#table.find(name);
      return row === null || row.judgement !== null ? [] : [{ ...row, name }];
    });
  }

  #resultsOn(examplesVersion: number): Map<string, EvaluationResult | null> {
    if (this.#measured?.version !== examplesVersion) {
      this.#measured = { version: examplesVersion, results: new Map() };
    }
    return this.#measured.results;
  }

  async #measure(row: ModelRow, { evaluate, examplesVersion }: Judging): Promise<EvaluationResult | null> {
    const results = this.#resultsOn(examplesVersion);
    const known = results.get(row.digest);
    if (known !== undefined) return known;
    const weights = this.#table.weights(row.name);
    const result = weights === null ? null : await evaluate(weights).catch(nullWhereDiverged);
    results.set(row.digest, result);
    return result;
  }

  #conclude(judged: readonly OfThree[], inUse: Judged | null, picturesAt: PicturesAt): void {
    if ([...judged, ...(inUse === null ? [] : [inUse])].some((each) => !this.#isStillThere(each.row))) return;
    for (const { row, result } of judged) this.#keep(row.name, result, picturesAt);
    if (inUse !== null) this.#keep('in-use', inUse.result, picturesAt);
    const [{ row: sync }] = judged as [OfThree];
    const figures = judged.find(({ result }) => result !== null)?.result;
    const scores = Object.fromEntries(judged.map(({ row, result }) => [row.name, result?.score ?? null]));
    this.#log.enterScores(pickSync(sync), {
      ...scores,
      inUse: inUse?.result?.score ?? null,
      scoreKind: figures?.scoreKind ?? 'accuracy',
      examples: figures?.examples ?? 0,
    });
    if (this.#log.chosenBy() === null) this.#decide(judged, inUse);
    this.#forgetOthersThan(null);
  }

  #isStillThere({ name, digest, baseId }: ModelRow): boolean {
    const now = this.#table.find(name);
    return now?.digest === digest && now.baseId === baseId;
  }

  #keep(name: ModelName, result: EvaluationResult | null, picturesAt: PicturesAt): void {
    const judgement = result === null ? UNUSABLE : judgementOf(result, picturesAt);
    this.#table.saveJudgement(name, JSON.stringify(judgement));
  }

  #decide(judged: readonly OfThree[], before: Judged | null): void {
    let inUse = before;
    for (const candidate of judged) {
      if (candidate.row.digest === inUse?.row.digest) continue;
      const deficit = this.#log.last()?.deficit ?? 0;
      const verdict = verdictOn(candidate, inUse, deficit);
      if (verdict === null) continue;
      const { name, globalVersion } = candidate.row;
      const at = this.#now().toISOString();
      if (verdict.isTaken) this.#table.use(name, at);
      this.#log.enter({
        at,
        by: null,
        kind: verdict.isTaken ? 'taken' : 'held-back',
        model: name,
        globalVersion,
        reason: verdict.reason,
        score: candidate.result?.score ?? null,
        inUseScore: inUse?.result?.score ?? null,
        deficit: verdict.deficit,
      });
      if (verdict.isTaken) inUse = candidate;
    }
  }

  /** Rounds go on for years: only what may be asked for again is kept. */
  #forgetOthersThan(newest: string | null): void {
    const digests = new Set<string | null | undefined>([
      newest,
      ...[...PLANT_MODELS, 'in-use' as const].map((name) => this.#table.find(name)?.digest),
    ]);
    for (const digest of this.#measured?.results.keys() ?? []) {
      if (!digests.has(digest)) this.#measured?.results.delete(digest);
    }
  }
}

/** What the gate says of a model; null where there is nothing to say. */
function verdictOn(
  { row, result }: OfThree,
  inUse: Judged | null,
  deficit: number,
): (Omit<Verdict, 'reason'> & { readonly reason: Decision['reason'] }) | null {
  const isNewest = row.name === 'together';
  if (result === null) return isNewest ? { isTaken: false, reason: 'unusable', deficit } : null;
  if (inUse === null) return { isTaken: true, reason: 'first', deficit: 0 };
  const [own, other] = [result.outcomes, outcomesOf(inUse)];
  // Nobody can tell which is better: plants go on with the newest, as they would without a gate.
  if (own === null) return isNewest ? { isTaken: true, reason: 'not-judged', deficit: 0 } : null;
  if (other === null) return { isTaken: true, reason: 'as-good', deficit: 0 };
  if (isNewest) return judgeNewest(own, other, deficit);
  const verdict = judgeOther(own, other, deficit);
  return verdict.isTaken ? verdict : null;
}

function outcomesOf({ result }: Judged): Outcomes | null {
  return result?.outcomes ?? null;
}

function nullWhereDiverged(thrown: unknown): null {
  if (toAppError(thrown).code === 'trainer/diverged') return null;
  throw thrown;
}

function parsed(row: ModelRow | null): Judgement | null {
  return row === null || row.judgement === null ? null : judgementSchema.parse(JSON.parse(row.judgement));
}

function pickSync({ baseId, globalVersion, round, syncedAt }: ModelRow) {
  return { baseId, globalVersion, round, syncedAt };
}
