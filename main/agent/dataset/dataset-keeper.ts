import { type AppError, toAppError } from '@genba/shared/errors/app-error';
import type { DriftNotice, KnownDrift } from '@genba/shared/local-api/drift';
import type { ReadingProgress } from '@genba/shared/local-api/preview';
import type { Task } from '@genba/shared/model/task';
import type { Logger } from 'pino';
import type { Examples, ExamplesFile } from '../../trainer/messages.ts';
import { WakeSignal } from '../rounds/wake-signal.ts';
import type { AgentSettings } from '../store/settings.ts';
import type { DatasetSummary } from './dataset.ts';
import { DriftRecord } from './drift/drift-record.ts';
import { isLocked } from './image-folder.ts';
import { inMemory } from './in-memory.ts';
import { ExamplesFolder, type KeptDataset } from './kept-examples.ts';
import type { ReadingJob, UnkeptReading } from './read-and-keep.ts';
import { type ReadingWatch, readInChild } from './reader-process.ts';
import { type DatasetScan, fingerprint, pulse, scanDataset } from './scan.ts';
import type { LabelledPicture } from './source-files.ts';
import type { ColumnStatistics } from './standardise.ts';

/** Times of the watch, milliseconds. */
const TIMES = {
  /** Between two quick looks. */
  pulseMs: 10_000,
  /** Between two scans of all files, at least; longer where a scan takes long. */
  scanMs: 60_000,
  /** A changed folder must have stood still for so long before it is read: files may still be on their way. */
  settleMs: 3_000,
  /** A folder that never stands still is read all the same, so often. */
  restlessMs: 300_000,
  /** Before what could not be read is tried again: a drive comes back, a program lets go of a file. */
  retryMs: 15_000,
};

/** A scan may take this share of the time: one that takes a second comes every 200 seconds. */
const SCAN_SHARE = 1 / 200;

/** What the trainer is given, and how much of it there is. */
export interface CurrentExamples {
  /** Other examples, another number. */
  readonly version: number;
  readonly request: Examples | { readonly stored: ExamplesFile };
  readonly validationCount: number;
  readonly checkCount: number;
}

/** What the window shows of the data. */
export interface DatasetState {
  readonly summary: DatasetSummary;
  /** When the files were read, ISO 8601. */
  readonly readAt: string;
  /** Examples more (or fewer) than at the reading before; null where this is the first since the start. */
  readonly change: number | null;
  /** Whether the files can be reached; training goes on with what was read where not. */
  readonly isReachable: boolean;
}

/** What a whole scan saw. */
interface SeenDataset {
  readonly scan: DatasetScan;
  readonly labelled: readonly LabelledPicture[];
  readonly pulse: string;
  readonly fingerprint: string;
  readonly atMs: number;
  readonly tookMs: number;
}

export interface DatasetKeeperContext {
  readonly dataFolder: string;
  readonly settings: () => Pick<AgentSettings, 'dataset' | 'checkSet' | 'seed'>;
  readonly task: () => Task;
  /** Pictures that people have labelled, beside those in the class folders; left out: none. */
  readonly labelled?: () => Promise<readonly LabelledPicture[]>;
  /** The examples, or what is known of them, have changed. */
  readonly onChange: () => void;
  /** A reading has begun, got further, or ended. */
  readonly onProgress?: () => void;
  readonly log: Logger;
  /** For tests: reads here instead of in a process of its own. */
  readonly read?: (job: ReadingJob, watch: ReadingWatch) => Promise<KeptDataset | UnkeptReading>;
  /** For tests: shorter times. */
  readonly times?: Partial<typeof TIMES>;
}

/**
 * Keeps the plant's examples as its files are: reads them, watches the folder, and reads again what has changed. It looks
 * at folders and files by itself instead of having the system tell: that works on network drives, holds no drive that
 * somebody wants to unplug, and costs nothing for a folder of any size.
 */
export class DatasetKeeper {
  /** Why the files cannot be used as they are; null when all is well. What was read before stays in use. */
  problem: AppError | null = null;
  current: CurrentExamples | null = null;
  /** In what newer data are unlike those before; null where in nothing, or a person knows. */
  drift: DriftNotice | null = null;
  readonly #context: DatasetKeeperContext;
  readonly #times: typeof TIMES;
  readonly #folder: ExamplesFolder;
  readonly #drift: DriftRecord;
  readonly #signal = new WakeSignal();
  #kept: KeptDataset | null = null;
  #change: number | null = null;
  /** What the last whole scan saw. */
  #seen: SeenDataset | null = null;
  #changedSinceMs: number | null = null;
  #lockedUntilMs: number | null = null;
  /** Somebody asked for a look while one was under way, which may have missed what it was about. */
  #isLookWanted = false;
  /** Since when a look waits for people to stop labelling; null while none does. */
  #stillSinceMs: number | null = null;
  #stillTimer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #reading: { readonly progress: ReadingProgress; readonly abort: AbortController } | null = null;

  constructor(context: DatasetKeeperContext) {
    this.#context = context;
    this.#times = { ...TIMES, ...context.times };
    this.#folder = new ExamplesFolder(context.dataFolder);
    this.#drift = new DriftRecord(this.#folder.path);
  }

  /** Reads and watches until {@link stop}. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      this.#isLookWanted = false;
      const waitMs = await this.#look().catch((thrown: unknown) => this.#fail(toAppError(thrown)));
      if (!this.#isStopped && !this.#isLookWanted) await this.#signal.sleep(waitMs);
    }
  }

  /** Ends the watch. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#stillTimer);
    this.#reading?.abort.abort();
    this.#signal.wake();
  }

  /**
   * Paths of held-out pictures by their places among the held-out examples.
   * @param version of the examples that the places are of; others have none
   */
  validationPictures(version: number): (places: readonly number[]) => string[] {
    const isCurrent = this.current?.version === version;
    const pictures = (isCurrent ? this.#kept?.images : null) ?? [];
    const paths = new Map(
      pictures.flatMap(({ part, place, path }) => (part === 'validation' ? [[place, path]] : [])),
    );
    return (places) => places.flatMap((place) => paths.get(place) ?? []);
  }

  /**
   * A picture as the trainer has it: height × width × channels bytes. Nothing is decoded for it.
   * @returns null for one that is not among the examples
   */
  async storedPicture(path: string): Promise<Uint8Array | null> {
    const image = this.#kept?.images?.find((each) => each.path === path);
    if (image === undefined || this.#kept === null) return null;
    const { inputs, labels } = this.#kept.validation;
    const decoded = await this.#folder.openDecoded(this.#kept);
    if (decoded === null) return null;
    try {
      const pixels = new Uint8Array(inputs.length / labels.length);
      return (await decoded.take(image, pixels, 0)) ? pixels : null;
    } finally {
      await decoded.close();
    }
  }

  /** Looks at once: the PC has woken up, or the settings are others. */
  look(): void {
    clearTimeout(this.#stillTimer);
    this.#stillSinceMs = null;
    this.#seen = null;
    this.#isLookWanted = true;
    this.#signal.wake();
  }

  /** Looks once nobody has labelled for a moment: files are not all to be looked at after each of a thousand labels. */
  lookOnceStill(): void {
    if (this.#isStopped) return;
    const nowMs = performance.now();
    this.#stillSinceMs ??= nowMs;
    const leftMs = this.#stillSinceMs + this.#times.restlessMs - nowMs;
    clearTimeout(this.#stillTimer);
    this.#stillTimer = setTimeout(() => this.look(), Math.max(0, Math.min(this.#times.settleMs, leftMs)));
  }

  /** How far the reading in progress has come; null while none is. */
  get progress(): ReadingProgress | null {
    return this.#reading?.progress ?? null;
  }

  /** A person knows that newer data are unlike the old. */
  acknowledgeDrift(): void {
    this.#drift.acknowledge(new Date().toISOString());
    this.drift = null;
    this.#context.onChange();
  }

  /** The last notices about newer data that a person knows of, oldest first. */
  knownDrifts(): KnownDrift[] {
    return this.#drift.known();
  }

  /** Breaks off the reading in progress; it is begun again unless the settings are others by then. */
  cancel(): void {
    this.#reading?.abort.abort();
    this.look();
  }

  /** The trainer could not use what was kept: it is read anew. */
  discard(): void {
    this.#folder.discard();
    this.#kept = null;
    this.look();
  }

  /** What is known of the data; null before the first reading. */
  state(): DatasetState | null {
    if (this.#kept === null) return null;
    const { summary, readAt } = this.#kept;
    return { summary, readAt, change: this.#change, isReachable: this.problem?.code !== 'dataset/not-found' };
  }

  /** By which the columns in use were standardised; null for pictures, and before the first reading. */
  get statistics(): ColumnStatistics | null {
    return this.#kept?.statistics ?? null;
  }

  /** @returns how long to wait before the next look */
  async #look(): Promise<number> {
    const { pulseMs, settleMs } = this.#times;
    if (this.#context.settings().dataset === null) return pulseMs;
    if (this.current === null) this.#takeUpKept();
    const seen = await this.#scanIfDue();
    const isFirst = this.current === null;
    const isLockedDue = await this.#isAnyReleased();
    if (!isFirst && !isLockedDue && seen.fingerprint === this.#kept?.fingerprint) {
      this.#changedSinceMs = null;
      this.#succeed();
      return pulseMs;
    }
    if (isFirst || isLockedDue || this.#hasSettled(seen)) {
      await this.#load(seen);
      return pulseMs;
    }
    return settleMs;
  }

  /** At a start: what was read before is good until the files have been looked at. */
  #takeUpKept(): void {
    const kept = this.#folder.read();
    if (kept === null || kept.reading !== this.#readingKey()) return;
    this.#use(kept, { stored: this.#folder.fileOf(kept) });
    this.#context.log.info({ readAt: kept.readAt }, 'examples kept from before');
  }

  /** What the examples depend on beside their files. */
  #readingKey(): string {
    const { dataset, checkSet, seed } = this.#context.settings();
    const { input, classes, training, objective, split } = this.#context.task();
    const { validationShare } = training;
    return JSON.stringify([dataset, checkSet, seed, input, classes, validationShare, objective, split]);
  }

  async #scanIfDue() {
    const seen = this.#seen;
    const isWaiting = this.#changedSinceMs !== null;
    if (seen !== null && !isWaiting && (await pulse(seen.scan)) === seen.pulse) {
      const dueMs = Math.max(this.#times.scanMs, seen.tookMs / SCAN_SHARE);
      const isReadingSame = this.#kept === null || this.#kept.reading === this.#readingKey();
      if (isReadingSame && performance.now() - seen.atMs < dueMs) return seen;
    }
    const atMs = performance.now();
    const { dataset, checkSet } = this.#context.settings();
    const labelled = (await this.#context.labelled?.()) ?? [];
    const place = { dataset: dataset!, checkSet, labelled };
    const scan = await scanDataset(place, this.#context.task().classes);
    const found = {
      scan,
      labelled,
      pulse: await pulse(scan),
      // The same pictures under other labels are other examples.
      fingerprint: fingerprint(
        scan,
        labelled.length === 0 ? this.#readingKey() : [this.#readingKey(), labelled],
      ),
      atMs,
      tookMs: performance.now() - atMs,
    };
    // Still as it was a moment ago: from then on it stands still.
    this.#seen = seen?.fingerprint === found.fingerprint && isWaiting ? { ...found, atMs: seen.atMs } : found;
    return this.#seen;
  }

  #hasSettled(seen: { readonly atMs: number }): boolean {
    const nowMs = performance.now();
    this.#changedSinceMs ??= nowMs;
    const isStill = nowMs - seen.atMs >= this.#times.settleMs;
    return isStill || nowMs - this.#changedSinceMs >= this.#times.restlessMs;
  }

  /** Whether a file that another program held is free now. */
  async #isAnyReleased(): Promise<boolean> {
    if (this.#lockedUntilMs === null || performance.now() < this.#lockedUntilMs) return false;
    this.#lockedUntilMs = performance.now() + this.#times.retryMs;
    for (const { isLocked: wasLocked, path } of this.#kept?.images ?? []) {
      if (wasLocked && !(await isLocked(path))) return true;
    }
    return false;
  }

  async #load(seen: SeenDataset): Promise<void> {
    const { dataset, checkSet, seed } = this.#context.settings();
    // Other data are not more or fewer of the same.
    const before = this.#kept?.summary.path === dataset ? exampleCount(this.#kept!) : null;
    const job: ReadingJob = {
      dataFolder: this.#context.dataFolder,
      dataset: dataset!,
      checkSet,
      labelled: seen.labelled,
      seed,
      task: this.#context.task(),
      reading: this.#readingKey(),
      fingerprint: seen.fingerprint,
    };
    const read = await this.#read(job);
    if (read === null || this.#isStopped) return;
    if ('cause' in read) this.#hold(read);
    else this.#use(read, { stored: this.#folder.fileOf(read) });
    this.#change = before === null ? null : exampleCount(this.#kept!) - before;
    const { training, validation, skipped, skippedItems } = this.#kept!.summary;
    const figures = { training, validation, skipped, skippedItems, change: this.#change };
    this.#context.log.info(figures, 'dataset read');
    this.#changedSinceMs = null;
    const locked = this.#kept?.images?.some((image) => image.isLocked) === true;
    this.#lockedUntilMs = locked ? performance.now() + this.#times.retryMs : null;
    this.#succeed();
  }

  /** @returns null where it was broken off */
  async #read(job: ReadingJob): Promise<KeptDataset | UnkeptReading | null> {
    const abort = new AbortController();
    const since = new Date().toISOString();
    const unit = job.task.input.kind === 'image' ? 'files' : 'bytes';
    const onProgress = (done: number, total: number) => {
      this.#reading = { progress: { done, total, unit, since }, abort };
      this.#context.onProgress?.();
    };
    this.#reading = { progress: { done: 0, total: 0, unit, since }, abort };
    try {
      return await (this.#context.read ?? readInChild)(job, { signal: abort.signal, onProgress });
    } catch (thrown) {
      if (abort.signal.aborted) return null;
      throw thrown;
    } finally {
      this.#reading = null;
      this.#context.onProgress?.();
    }
  }

  /** A full disk must not stop training: then the examples are held in memory, until the next start. */
  #hold({ about, dataset, check, cause }: UnkeptReading): void {
    this.#context.log.warn({ cause }, 'the examples could not be kept on disk');
    const { training, validation } = dataset;
    this.#use(inMemory(about, dataset, check), { training, validation, check });
  }

  #use(kept: KeptDataset, request: CurrentExamples['request']): void {
    this.#kept = kept;
    this.drift = this.#drift.notice();
    this.current = {
      version: (this.current?.version ?? 0) + 1,
      request,
      validationCount: kept.validation.labels.length,
      checkCount: kept.check?.labels.length ?? 0,
    };
    this.#context.onChange();
  }

  #succeed(): void {
    if (this.problem === null) return;
    this.problem = null;
    this.#context.log.info('the dataset can be used again');
    this.#context.onChange();
  }

  /** Tries again by itself: a network drive comes back, a file gets corrected. */
  #fail(problem: AppError): number {
    if (this.#isStopped) return 0;
    const isNew = this.problem?.code !== problem.code || this.problem.detail !== problem.detail;
    this.#seen = null;
    this.#changedSinceMs = null;
    this.problem = problem;
    if (isNew) {
      const { code, detail, cause } = problem;
      this.#context.log.error({ code, detail, cause }, 'the dataset cannot be used as it is');
      this.#context.onChange();
    }
    return this.#times.retryMs;
  }
}

function exampleCount({ summary }: KeptDataset): number {
  return summary.training + summary.validation;
}
