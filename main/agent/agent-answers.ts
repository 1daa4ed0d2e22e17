import os from 'node:os';
import type { ChangesPeriod, PlantChanges } from '@genba/shared/local-api/changes';
import type { DoctorReport, DoctorWish } from '@genba/shared/local-api/doctor';
import type { Judgement, JudgeWish } from '@genba/shared/local-api/judging';
import type { Label } from '@genba/shared/local-api/labelling';
import type { LedgerPage, LedgerQuery } from '@genba/shared/local-api/ledger';
import type { LocalMessage, LocalQuery } from '@genba/shared/local-api/messages';
import type { MethodReport } from '@genba/shared/local-api/methods';
import type { MistakenPictures, MistakeWish, ModelReport } from '@genba/shared/local-api/model';
import type { DataPreview } from '@genba/shared/local-api/preview';
import type { RefusedPage } from '@genba/shared/local-api/refused-updates';
import type { Rejection, RejectionWish } from '@genba/shared/local-api/rejection';
import type { AgentParts } from './agent-parts.ts';
import { beginOf, readChanges } from './changes/read-changes.ts';
import { examinePlant } from './doctor/doctor.ts';
import type { TakeItems } from './judging/judge-subject.ts';
import { carryOut, type SubjectWish } from './judging/judgement.ts';
import { smallPictures } from './model/small-pictures.ts';
import { readRefused } from './store/refused-updates.ts';

/** What windows and commands of the program may ask the agent; no answer changes anything. */
export class AgentAnswers {
  readonly #parts: AgentParts;
  /** What somebody may still break off, by its key. */
  readonly #judging = new Map<string, AbortController>();

  constructor(parts: AgentParts) {
    this.#parts = parts;
  }

  /**
   * Answers what a window or a command of the program wants to know.
   * @param tell sends what comes before the answer, and resolves when the other side can take more
   * @throws AppError `server/bad-address`, `invitation/…`, `judging/no-model`
   */
  async answer(
    query: LocalQuery,
    tell: (message: LocalMessage) => Promise<void> = async () => undefined,
  ): Promise<LocalMessage> {
    const { id } = query;
    switch (query.query) {
      case 'doctor':
        return { type: 'doctor', id, report: await this.examine(query.of) };
      case 'refused':
        return { type: 'refused', id, page: this.refused(query.after) };
      case 'preview-data':
        return { type: 'preview', id, preview: await this.preview(query.path) };
      case 'label-queue':
        return { type: 'label-queue', id, queue: await this.#parts.labelling.queue(query.of) };
      case 'labels':
        return { type: 'labels', id, labels: this.labels(query.after) };
      case 'watches':
        return { type: 'watches', id, watches: this.#parts.watches.statuses };
      case 'methods':
        return { type: 'methods', id, report: this.methods() };
      case 'rejection':
        return { type: 'rejection', id, rejection: await this.rejection(query.wish) };
      case 'judge': {
        const judgement = await this.#judgeUnlessCancelled(query.of, (part) =>
          tell({ type: 'judged', id, part: [...part] }),
        );
        return { type: 'judgement', id, judgement };
      }
      case 'model':
        return { type: 'model', id, report: this.models() };
      case 'mistaken-pictures':
        return { type: 'mistaken-pictures', id, pictures: await this.#mistakenPictures(query.of) };
      case 'changes':
        return { type: 'changes', id, changes: this.changes(query.period) };
      case 'ledger':
        return { type: 'ledger', id, page: this.ledger(query.of) };
    }
  }

  /**
   * Examines the connection to the aggregator and what this PC needs for it.
   * @throws AppError `server/bad-address`, `invitation/…`
   */
  examine(wish: DoctorWish): Promise<DoctorReport> {
    const { database, options } = this.#parts;
    const { dataFolder, appVersion } = options;
    return examinePlant(database, { dataFolder, appVersion, hostName: os.hostname(), wish });
  }

  /** Looks at a file or folder as training data; uses nothing of it. @throws AppError `dataset/cancelled` */
  preview(path: string): Promise<DataPreview> {
    return this.#parts.data.preview(path);
  }

  /**
   * Has the model in use judge something.
   * @param tell is given all items, part by part, where the wish asks for parts
   * @throws AppError `judging/no-model`, `dataset/not-read`, `trainer/no-backend`, `trainer/crashed`
   */
  judge(wish: SubjectWish, tell: TakeItems): Promise<Judgement> {
    return carryOut(this.#parts.judge, wish, tell);
  }

  async #judgeUnlessCancelled({ key, ...wish }: JudgeWish, tell: TakeItems): Promise<Judgement> {
    if (key === undefined) return this.judge(wish, tell);
    const abort = new AbortController();
    this.#judging.set(key, abort);
    try {
      return await carryOut(this.#parts.judge, wish, tell, abort.signal);
    } finally {
      this.#judging.delete(key);
    }
  }

  /** Breaks off what is being judged under a key; it may be through already. */
  cancelJudging(key: string): void {
    this.#judging.get(key)?.abort();
  }

  /**
   * What a wish, or the one that is set, does to the parts that were held out.
   * @throws AppError `judging/no-model`, `judging/unknown-class`, `trainer/no-backend`, `trainer/crashed`
   */
  rejection(wish: RejectionWish | null): Promise<Rejection> {
    return this.#parts.judge.describeRejection(wish);
  }

  /** The ways to train on this PC, and how fast they are. */
  methods(): MethodReport {
    const { settings, training } = this.#parts;
    if (training !== null) return training.methods.report(training.loop.backend?.name ?? null);
    const { backend: requested, methodSurvey: survey } = settings.read();
    return { requested, inUse: null, survey, isMeasuring: false, failed: [] };
  }

  /** One page of the updates that the aggregator will never take. */
  refused(after: number): RefusedPage {
    return readRefused(this.#parts.database, after);
  }

  /** One page of the labels that people have given, oldest first, behind the one named. */
  labels(after: number): Label[] {
    return this.#parts.labelling.list(after);
  }

  /** The three models of this plant, and which one judges new parts. */
  models(): ModelReport {
    return this.#parts.models.report();
  }

  /** What has changed at this plant since a shift began, or for a week. */
  changes(period: ChangesPeriod): PlantChanges {
    const { database, settings, watches, training } = this.#parts;
    const begin = beginOf(period, settings.read().shiftStarts, Date.now());
    const knownDrifts = training?.knownDrifts() ?? [];
    return readChanges(database, begin, { hasWatches: watches.statuses.length > 0, knownDrifts });
  }

  /** One page of what left this PC. */
  ledger(query: LedgerQuery): LedgerPage {
    return this.#parts.ledger.read(query);
  }

  /** As the trainer has them: what it sees is what a person is shown. */
  #mistakenPictures(wish: MistakeWish): Promise<MistakenPictures> {
    const { client, models, training } = this.#parts;
    const paths = models.mistakenPictures(wish);
    const input = client.task()?.input;
    if (input?.kind !== 'image') return Promise.resolve([]);
    return smallPictures(paths, input, async (path) => (await training?.storedPicture(path)) ?? null);
  }
}
