import type { Finding } from '@genba/shared/federation/screening/finding';
import type { CheckSetChange } from '@genba/shared/federation/screening/judge-check-set';
import type { Norms } from '@genba/shared/federation/screening/norms';
import type { StepFigures } from '@genba/shared/federation/strategies/strategy';
import type { Task } from '@genba/shared/model/task';
import type { WeightsUse } from '@genba/shared/protocol/messages';
import type { Scalars, TaskState, VectorDigests } from '../store/catalogue.ts';
import type { StoredHistory } from '../store/norm-history.ts';
import type { SharedBytes } from '../store/uncached-file.ts';
import type { StagedVector } from '../store/vector-files.ts';

/** What a runner is started with. */
export interface RunnerStart {
  readonly task: Task;
  /** Of the weight store. */
  readonly folder: string;
  /** Folder of the check set; null: the task has none. */
  readonly checkSet: string | null;
  /**
   * Most that it keeps of newest replies, from which their plants' next updates start, and as much again for updates to
   * arrive in, bytes; with 0 there is neither.
   */
  readonly memoryBytes: number;
}

/** A client as the catalogue knows it. */
export interface StoredClient {
  readonly baseVersion: number;
  readonly isHeld: boolean;
  readonly scalars: Scalars;
  readonly vectors: VectorDigests;
}

/** A journaled update, its weights by digest. */
export interface StoredReport {
  readonly digest: string;
  /** The same weights, proved; null where they must be read. They stay what they are until the call ends. */
  readonly proved: SharedBytes | null;
  readonly examples: number;
  readonly receivedAtMs: number;
}

/** What an update is screened by. */
export interface ScreeningBasis {
  /** S_m: what its client was last sent, or else G_τ, the average at that time; null where neither is kept. */
  readonly startDigest: string | null;
  /** Local rounds behind it. */
  readonly rounds: number;
  readonly history: StoredHistory;
  /** Whether it is only measured: an operator has let it out of quarantine. */
  readonly isReleased: boolean;
}

/** What was measured of an update. */
export interface Measured {
  /** null where nobody knows any more what the client started from. */
  readonly norms: Norms | null;
  /** null where the task has no check set, or the update was not judged. */
  readonly checkSet: CheckSetChange | null;
}

/** An update that must not be merged before an operator has seen it; nothing was computed or staged. */
export interface Withheld {
  readonly kind: 'withheld';
  readonly finding: Finding;
}

/** A task's next state, and the files it needs that the store does not have yet. */
export interface NextState {
  readonly state: TaskState;
  readonly staged: readonly StagedVector[];
  /** When the open round must be closed, milliseconds since 1970; null while nobody waits. */
  readonly dueAtMs: number | null;
}

/** The same with the client it was about. */
export interface NextStateOfClient extends NextState {
  readonly client: StoredClient;
  /** Whether the client calibrates by itself from now on: nothing is kept of it, and global weights are its reference. */
  readonly clientCalibrates: boolean;
}

/** What a client is sent. */
export interface StoredReply {
  readonly digest: string;
  readonly use: WeightsUse;
  /** Memory that holds exactly this until it is given back, see {@link MergeRunner.giveBack}; null where it must be read. */
  readonly memory: SharedBytes | null;
}

/** What a step leads to. */
export interface Stepped extends NextStateOfClient {
  readonly kind: 'stepped';
  /** What the client is sent, and what it does with that; null while it is held. */
  readonly reply: StoredReply | null;
  readonly releasesHeld: boolean;
  readonly figures: StepFigures;
  /** null where the task screens nothing. */
  readonly measured: Measured | null;
}

/**
 * Runs a task's strategy on states whose vectors are files. It keeps no state that counts: each call is told where
 * to start from, so a caller that could not commit a result just calls again, and a runner may be lost at any moment.
 * What it stages lies in the weight store's folder under temporary names.
 * Every method may throw AppError `store/damaged` and `server/storage`, and RunnerLost.
 */
export interface MergeRunner {
  /**
   * The state of a new task, or of one that changed its strategy.
   * @param clientCount clients that join at once, each as a new one
   */
  open(start: {
    globalDigest: string;
    globalVersion: number;
    clientCount: number;
  }): Promise<NextStateOfClient>;
  /** Gives a client, new (null) or known, the global weights. */
  join(state: TaskState, client: StoredClient | null): Promise<NextStateOfClient>;
  /**
   * Screens an update and applies it.
   * @param basis null where the task screens nothing
   * @throws AppError `update/not-finite` when it has to be set aside, `check-set/unusable`
   */
  step(
    state: TaskState,
    client: StoredClient,
    report: StoredReport,
    basis: ScreeningBasis | null,
  ): Promise<Stepped | Withheld>;
  /**
   * Computes and stages the results of a step ahead, for a {@link step} of exactly the same state, client and report,
   * which is told nothing of it. Nothing is screened or decided, and no other call depends on it: what is not used is
   * removed. Only for a report that is `proved`; its bytes must stay what they are until this ends.
   */
  foresee(state: TaskState, client: StoredClient, report: StoredReport): Promise<void>;
  /**
   * Memory for updates to arrive in, from which they are merged where they lie. It is the caller's from then on; the runner
   * reads in it only what a call names.
   */
  rooms(): Promise<readonly SharedBytes[]>;
  /** Takes back the memory of a reply that nobody sends any more. */
  giveBack(memory: SharedBytes): Promise<void>;
  /** Proves that the task's check set can be used, if it has one. @throws AppError `check-set/unusable` */
  prepare(): Promise<void>;
  /** Closes the round that is due; null when none is. */
  close(state: TaskState, nowMs: number): Promise<NextState | null>;
  /** See {@link NextState.dueAtMs}. */
  dueAtMs(state: TaskState): Promise<number | null>;
  /** Lets go of memory and thread. */
  end(): Promise<void>;
}

/** The runner died while it worked; nothing is lost, and the same call may succeed. */
export class RunnerLost extends Error {
  override readonly name = 'RunnerLost';
}
