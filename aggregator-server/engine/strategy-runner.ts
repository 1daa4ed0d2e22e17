import { isDeepStrictEqual } from 'node:util';
import { AppError } from '@genba/shared/errors/app-error';
import type { Finding } from '@genba/shared/federation/screening/finding';
import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import type {
  ClientState,
  JoinOutcome,
  Reply,
  Report,
  ServerState,
  StepOutcome,
  Strategy,
} from '@genba/shared/federation/strategies/strategy';
import { weightLayout } from '@genba/shared/model/layout';
import { screeningOf } from '@genba/shared/model/task';
import type { TaskState } from '../store/catalogue.ts';
import type { SharedBytes } from '../store/uncached-file.ts';
import { discardStaged, readVector } from '../store/vector-files.ts';
import { MergeMemory } from './merge-memory.ts';
import type {
  Measured,
  MergeRunner,
  NextState,
  NextStateOfClient,
  RunnerStart,
  ScreeningBasis,
  Stepped,
  StoredClient,
  StoredReply,
  StoredReport,
  Withheld,
} from './merge-runner.ts';
import { type ClientUpdate, Screening } from './screening.ts';
import { Work } from './work.ts';

/** Besides the server's: an update, its start weights, two vectors of its client, and as many results. */
const POOL_VECTORS_PER_STEP = 6;

/**
 * After how many steps in a row that read no file results go to the disk past the system's cache. Each that reads one
 * shows that there are more plants than memory for their replies.
 */
const STEPS_BEFORE_UNCACHED = 4;

/** What a step is computed from. */
interface StepInput {
  readonly server: ServerState;
  readonly client: ClientState;
  readonly report: Report;
}

/** A step whose results were computed and staged ahead. */
interface Foreseen {
  /** Of which state, client and report. */
  readonly of: readonly unknown[];
  readonly input: StepInput;
  readonly outcome: StepOutcome;
  /** Its vectors; the new ones are staged. */
  readonly work: Work;
}

/** Runs a strategy in this thread, on vectors that stay in memory where they can. */
export class StrategyRunner implements MergeRunner {
  readonly #folder: string;
  readonly #size: number;
  readonly #strategy: Strategy;
  readonly #memory: MergeMemory;
  /** null where the task screens nothing. */
  readonly #screening: Screening | null;
  /** Steps since a vector was last read from a file. */
  #stepsFromMemory = 0;
  #foreseen: Foreseen | null = null;
  /** Until nothing is being foreseen. */
  #foreseeing: Promise<void> = Promise.resolve();

  constructor({ task, folder, checkSet, memoryBytes }: RunnerStart) {
    const layout = weightLayout(task);
    this.#folder = folder;
    this.#size = layout.size;
    this.#strategy = createStrategy(task.federation, layout);
    const settings = screeningOf(task);
    this.#screening = settings === null ? null : new Screening(task, settings, checkSet);
    const workingCount = 1 + this.#strategy.serverVectors.length + POOL_VECTORS_PER_STEP;
    this.#memory = new MergeMemory({ length: layout.size, workingCount, memoryBytes });
  }

  open(start: {
    globalDigest: string;
    globalVersion: number;
    clientCount: number;
  }): Promise<NextStateOfClient> {
    const { globalDigest, globalVersion, clientCount } = start;
    return this.#working(async (work) => {
      const initialWeights = await this.#read(globalDigest, work);
      const opened = { ...this.#strategy.open(initialWeights), version: globalVersion };
      const first = this.#strategy.join(opened, null);
      let server = clientCount === 0 ? opened : first.server;
      for (let count = 1; count < clientCount; count++) ({ server } = this.#strategy.join(server, null));
      return { ...(await this.#finish(server, work)), ...(await storedClient(first, work)) };
    });
  }

  join(state: TaskState, known: StoredClient | null): Promise<NextStateOfClient> {
    return this.#working(async (work) => {
      const outcome = this.#strategy.join(await this.#load(state, work), known);
      return { ...(await this.#finish(outcome.server, work)), ...(await storedClient(outcome, work)) };
    });
  }

  async prepare(): Promise<void> {
    await this.#screening?.prepare();
  }

  async step(
    state: TaskState,
    stored: StoredClient,
    report: StoredReport,
    basis: ScreeningBasis | null,
  ): Promise<Stepped | Withheld> {
    await this.#foreseeing;
    const foreseen = await this.#takeForeseen([state, stored, foreseeable(report)], report.proved);
    return this.#working(async (work) => {
      const input = foreseen?.input ?? (await this.#inputOf(state, stored, report, work));
      const update = { clientWeights: input.report.weights, clientDigest: report.digest };
      const screened = await this.#screen({ state, server: input.server }, { update, basis }, work);
      if (screened !== null && 'finding' in screened) {
        await discardStaged(work.staged);
        return { kind: 'withheld', finding: screened.finding };
      }
      this.#stepsFromMemory++;
      const outcome = foreseen?.outcome ?? this.#strategy.step(input.server, input.client, input.report);
      const { releasesHeld, figures } = outcome;
      await this.#stageResults(outcome, work);
      const client = await storedClient(outcome, work);
      const finished = await this.#finish(outcome.server, work);
      const { reply: sent } = outcome;
      const reply = sent === null ? null : await this.#storedReply(sent, work);
      if (sent?.kind === 'weights') {
        this.#memory.keepRecent(sent.weights, reply!.digest, stored.vectors.startWeights);
      }
      return { kind: 'stepped', ...finished, ...client, reply, releasesHeld, figures, measured: screened };
    }, foreseen?.work);
  }

  foresee(state: TaskState, stored: StoredClient, report: StoredReport): Promise<void> {
    const foreseeing = this.#working(async (work) => {
      await this.#dropForeseen();
      const input = await this.#inputOf(state, stored, report, work);
      const outcome = this.#strategy.step(input.server, input.client, input.report);
      await this.#stageResults(outcome, work, () => this.#measure(input, stored, report));
      this.#foreseen = { of: [state, stored, foreseeable(report)], input, outcome, work };
    });
    this.#foreseeing = foreseeing.catch(() => {});
    return foreseeing;
  }

  /** What was foreseen last, where it was exactly this; it is gone in any case. */
  async #takeForeseen(of: Foreseen['of'], proved: SharedBytes | null): Promise<Foreseen | null> {
    const foreseen = this.#foreseen;
    if (foreseen === null) return null;
    const { weights } = foreseen.input.report;
    // What was seen in a room is there no more when the room has another update in it, or none that counts.
    const isThere =
      !this.#memory.isRoom(weights) || (proved !== null && this.#memory.find(proved) === weights);
    if (!isThere || !isDeepStrictEqual(foreseen.of, of)) {
      await this.#dropForeseen();
      return null;
    }
    this.#foreseen = null;
    return foreseen;
  }

  async #dropForeseen(): Promise<void> {
    const foreseen = this.#foreseen;
    if (foreseen === null) return;
    this.#foreseen = null;
    this.#givePoolBack();
    await discardStaged(foreseen.work.staged);
  }

  async #inputOf(
    state: TaskState,
    stored: StoredClient,
    { digest, proved, ...figures }: StoredReport,
    work: Work,
  ): Promise<StepInput> {
    const server = await this.#load(state, work);
    const vectors: Record<string, Float32Array> = {};
    for (const name of this.#strategy.reads(server, stored)) {
      const kept = stored.vectors[name];
      if (kept !== undefined) vectors[name] = await this.#read(kept, work);
    }
    if (proved !== null) this.#takeOver(proved, digest, work);
    const weights = await this.#read(digest, work);
    return { server, client: { ...stored, vectors }, report: { weights, ...figures } };
  }

  /**
   * Stages what a step leads to, past the system's cache: nobody reads these files soon, as long as what clients start from
   * is still in memory when they report. Where it is not, or global weights are what is sent, the system's cache serves.
   * @param meanwhile see {@link Work.stage}
   */
  async #stageResults(outcome: StepOutcome, work: Work, meanwhile?: () => void): Promise<void> {
    const { reply, server } = outcome;
    const isCached = reply?.kind !== 'weights' || this.#stepsFromMemory < STEPS_BEFORE_UNCACHED;
    const uncached = isCached ? [] : [server.vectors.globalWeights, reply.weights];
    const isReadSoon = (vector: Float32Array) => !uncached.includes(vector);
    await work.stage(resultsOf(outcome), { isReadSoon, meanwhile });
  }

  /** Measures ahead what screening will ask for. */
  #measure({ client, report }: StepInput, stored: StoredClient, { digest }: StoredReport): void {
    const { startWeights } = client.vectors;
    const startDigest = stored.vectors.startWeights;
    if (startWeights === undefined || startDigest === undefined) return;
    const update = { clientWeights: report.weights, clientDigest: digest };
    this.#screening?.measure({ ...update, startWeights, startDigest });
  }

  /** @returns why the update must wait, or what was measured of it; null where nothing is screened */
  async #screen(
    {
      state,
      server,
    }: { readonly state: TaskState; readonly server: Pick<ServerState<'globalWeights'>, 'vectors'> },
    { update, basis }: { readonly update: ClientUpdate; readonly basis: ScreeningBasis | null },
    work: Work,
  ): Promise<Measured | { readonly finding: Finding } | null> {
    if (this.#screening === null || basis === null) return null;
    const { globalWeights } = server.vectors;
    const { startDigest } = basis;
    const startWeights = startDigest === null ? null : await this.#readKept(startDigest, work);
    const globalDigest = state.vectors.globalWeights;
    return this.#screening.examine({ ...update, startWeights, globalWeights, globalDigest }, basis);
  }

  close(state: TaskState, nowMs: number): Promise<NextState | null> {
    return this.#working(async (work) => {
      const closed = this.#strategy.close(await this.#load(state, work), nowMs);
      return closed === null ? null : this.#finish(closed, work);
    });
  }

  dueAtMs(state: TaskState): Promise<number | null> {
    return this.#working(async (work) => this.#strategy.dueAtMs(await this.#load(state, work)));
  }

  async rooms(): Promise<readonly SharedBytes[]> {
    return this.#memory.rooms;
  }

  async giveBack(memory: SharedBytes): Promise<void> {
    this.#memory.giveBack(memory);
  }

  async end(): Promise<void> {
    await this.#foreseeing;
    await this.#dropForeseen();
    this.#memory.clear();
  }

  /**
   * One call: what it staged is removed when it fails, and its vectors go back to the pool.
   * @param work what was begun of it ahead
   */
  async #working<Result>(
    call: (work: Work) => Promise<Result>,
    work = new Work(this.#folder),
  ): Promise<Result> {
    await this.#foreseeing;
    try {
      return await call(work);
    } catch (thrown) {
      await discardStaged(work.staged);
      throw thrown;
    } finally {
      this.#givePoolBack();
    }
  }

  #givePoolBack(): void {
    this.#memory.keepOnly(this.#foreseen?.work.vectors ?? []);
  }

  async #load(state: TaskState, work: Work): Promise<ServerState> {
    const names = ['globalWeights', ...this.#strategy.serverVectors];
    const vectors: Record<string, Float32Array> = {};
    for (const name of names) {
      const digest = state.vectors[name];
      if (digest !== undefined) vectors[name] = await this.#read(digest, work);
    }
    const { globalWeights, ...others } = vectors;
    return {
      version: state.globalVersion,
      vectors: { ...others, globalWeights: globalWeights! },
      scalars: state.scalars,
    };
  }

  /** null where the file was let go of meanwhile, or is damaged: a strategy that needs it says so by itself. */
  async #readKept(digest: string, work: Work): Promise<Float32Array | null> {
    try {
      return await this.#read(digest, work);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'store/damaged') return null;
      throw thrown;
    }
  }

  /** One object per content, as strategies expect. */
  async #read(digest: string, work: Work): Promise<Float32Array> {
    const known = work.vectorOf(digest) ?? this.#memory.get(digest);
    if (known === undefined) this.#stepsFromMemory = -1;
    const vector = known ?? (await readVector(this.#folder, digest, (length) => this.#take(length, digest)));
    work.know(vector, digest);
    return vector;
  }

  async #storedReply(reply: Reply, work: Work): Promise<StoredReply> {
    switch (reply.kind) {
      case 'weights': {
        const digest = await work.digestOf(reply.weights);
        return { digest, use: 'install', memory: this.#memory.lend(reply.weights) };
      }
      case 'calibrate':
        return { digest: await work.digestOf(reply.globalWeights), use: 'calibrate', memory: null };
      case 'hand-over': {
        const both = new Float32Array(reply.weights.length + reply.averageAtBase.length);
        both.set(reply.weights);
        both.set(reply.averageAtBase, reply.weights.length);
        return { digest: await work.digestOf(both), use: 'install-and-reference', memory: null };
      }
    }
  }

  /** Weights that were proved in memory need no file, and in a room of this pool no copy. */
  #takeOver(proved: SharedBytes, digest: string, work: Work): void {
    const { buffer, byteOffset, byteLength } = proved;
    let vector = this.#memory.find(proved);
    if (vector === null) {
      vector = this.#take(byteLength / Float32Array.BYTES_PER_ELEMENT, digest);
      vector.set(new Float32Array(buffer, byteOffset, vector.length));
    }
    work.know(vector, digest);
  }

  /** A file of another size is not one of this model's. */
  #take(length: number, digest: string): Float32Array {
    if (length !== this.#size) throw new AppError('store/damaged', { detail: `weights ${digest}` });
    return this.#memory.take();
  }

  /** Stages what is new of the server and remembers its vectors for the next call. */
  async #finish(server: ServerState, work: Work): Promise<NextState> {
    const digests = await work.digestsOf(server.vectors);
    const vectors = { ...digests, globalWeights: digests.globalWeights! };
    const kept = Object.entries(digests).map(([name, digest]) => [digest, server.vectors[name]!] as const);
    this.#memory.hold(kept);
    return {
      state: { globalVersion: server.version, vectors, scalars: server.scalars },
      staged: work.staged,
      dueAtMs: this.#strategy.dueAtMs(server),
    };
  }
}

async function storedClient(
  { client, clientCalibrates }: JoinOutcome,
  work: Work,
): Promise<{ client: StoredClient; clientCalibrates: boolean }> {
  const { baseVersion, isHeld } = client;
  const vectors = await work.digestsOf(definedOf(client.vectors));
  const stored = { baseVersion, isHeld, scalars: definedOf(client.scalars), vectors };
  return { client: stored, clientCalibrates: clientCalibrates ?? false };
}

/** What is the same for an update before it is journaled and when it is merged. */
function foreseeable({ proved: _, ...report }: StoredReport): object {
  return report;
}

/** The vectors that a step leads to. */
function resultsOf({ reply, server, client }: StepOutcome): (Float32Array | undefined)[] {
  const sent = reply?.kind === 'weights' ? [reply.weights] : [];
  return [...sent, ...[server, client].flatMap(({ vectors }) => Object.values(vectors))];
}

function definedOf<Value>(record: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  const defined = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as Record<string, Value>;
}
