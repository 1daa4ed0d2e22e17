import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { Norms } from '@genba/shared/federation/screening/norms';
import type { CalibrationFigure, UpdateMetrics, WeightsUse } from '@genba/shared/protocol/messages';

/** Names of vectors with the files of the weight store that hold them. */
export type VectorDigests = Readonly<Record<string, string>>;

/** A strategy's numbers by name. */
export type Scalars = Readonly<Record<string, number>>;

/** Where a task stands: what its strategy calls the server's state, with digests for vectors. */
export interface TaskState {
  /** v: how often the global weights changed. */
  readonly globalVersion: number;
  /** `globalWeights` and whatever else the strategy keeps. */
  readonly vectors: VectorDigests & { readonly globalWeights: string };
  readonly scalars: Scalars;
}

/** A task as it was left. */
export interface StoredTask {
  readonly state: TaskState;
  /** Federation settings it ran with last, as JSON; null where an old program wrote none: OrthoFL then. */
  readonly settings: string | null;
}

/** What a strategy keeps of a client, apart from the base it was sent. */
export interface ClientProgress {
  /** Whether its update is in and its answer has to wait for a round to close. */
  readonly isHeld: boolean;
  readonly scalars: Scalars;
  /** Written: those to replace, all others stay. Read: all. */
  readonly vectors: VectorDigests;
}

/** The same, as it is written. */
export interface ClientChange extends ClientProgress {
  /** Set where the client calibrates by itself from now on: all vectors kept of it are forgotten. */
  readonly forgetsVectors?: boolean;
}

/** Start weights issued to one client. */
export interface BaseRecord {
  readonly baseId: string;
  readonly taskId: string;
  readonly clientId: string;
  /** τ: the global version right after the client's own step, or at the time it was sent the global weights. */
  readonly version: number;
  /** What it was sent: S_m, unless `use` says otherwise. Kept until it is installed, and as long as others need it. */
  readonly weightsDigest: string;
  readonly use: WeightsUse;
  /** The update these weights answer; null for first or fresh weights. */
  readonly updateId: string | null;
  readonly staleness: number | null;
  readonly mixingWeight: number | null;
  readonly calibration: readonly CalibrationFigure[];
  readonly issuedAt: string;
  /** When the client said it installed them; null while they must be offered again. */
  readonly installedAt: string | null;
}

/** What a client trains with. */
export interface ClientProgram {
  /** Name and version, as it says. */
  readonly app: string;
  /** What its task needs and it does not know; with any of it, it is refused. */
  readonly lacks: readonly string[];
}

/** One plant's membership in a task. */
export interface ClientRecord extends ClientProgress {
  /** Names of vectors that were let go; they are not among `vectors`. */
  readonly evicted: readonly string[];
  /** Whether the base's own file was let go before the client had it. */
  readonly isBaseEvicted: boolean;
  readonly taskId: string;
  readonly clientId: string;
  readonly plantName: string;
  /** When it last connected, reported or installed. */
  readonly lastSeenAt: string;
  /** null where it was not heard of since programs are written down. */
  readonly program: ClientProgram | null;
  /** The base last issued; null before the first. */
  readonly base: BaseRecord | null;
}

/** What an eviction has let go of. */
export interface EvictedFiles {
  readonly digests: readonly string[];
  /** Clients that will have to send something again, or to start anew. */
  readonly clientIds: readonly string[];
}

/** What is journaled when an update has arrived complete. */
export interface NewUpdate {
  readonly updateId: string;
  readonly taskId: string;
  readonly clientId: string;
  readonly baseId: string;
  readonly rounds: number;
  readonly examples: number;
  readonly metrics: UpdateMetrics;
  /** Of the client weights W_m. */
  readonly digest: string;
  readonly receivedAt: string;
}

/** A journaled update. */
export interface UpdateRecord extends NewUpdate {
  /** Order of arrival; updates of a task are merged in this order. */
  readonly sequence: number;
  readonly state: 'received' | 'applied' | 'refused' | 'quarantined';
  /** When an operator let it out of quarantine: it is not screened again. */
  readonly releasedAt: string | null;
}

/** Figures of a step as the catalogue records them. */
export interface AppliedFigures {
  readonly staleness: number;
  readonly mixingWeight: number | null;
  readonly calibration: readonly CalibrationFigure[];
  readonly effect: 'merged' | 'buffered' | 'dropped';
}

/** What a client is sent and what is kept of it. */
export interface Issue {
  readonly base: BaseRecord;
  readonly client: ClientChange;
}

/** How held clients are let go: all receive the new global weights. */
export interface Release {
  /** Whether the strategy keeps what a client was last sent. */
  readonly keepsStartWeights: boolean;
  readonly use: WeightsUse;
}

/** How far an update moved the model, for later ones to be compared with. */
export interface NormEntry {
  /** Digest of the training settings it was made under. */
  readonly training: string;
  readonly norms: Norms;
}

/** One applied update as the catalogue records it. */
export interface Application {
  readonly updateId: string;
  /** The task after it. */
  readonly state: TaskState;
  readonly client: ClientChange;
  /** The client's next base; null while it is held. */
  readonly reply: BaseRecord | null;
  readonly figures: AppliedFigures;
  /** Set when all other held clients are answered with it. */
  readonly release: Release | null;
  /** null where nothing is screened. */
  readonly norms: NormEntry | null;
  readonly appliedAt: string;
}

/** What a transaction leaves to do. */
export interface Aftermath {
  /** Digests that may have lost their last reader. */
  readonly obsoleteDigests: readonly string[];
  /** Clients that were held and have a new base now. */
  readonly releasedClients: readonly string[];
}

/** One client in a task's summary. */
export interface ClientSummary {
  readonly clientId: string;
  readonly plantName: string;
  readonly lastSeenAt: string;
  readonly baseVersion: number | null;
  readonly updatesApplied: number;
  /** Local rounds behind the applied updates. */
  readonly rounds: number;
  readonly lastStaleness: number | null;
  /** As in {@link ClientRecord}. */
  readonly program: ClientProgram | null;
}

/** Figures of a task for status pages. */
export interface TaskSummary {
  /** All updates ever journaled. */
  readonly received: number;
  readonly applied: number;
  /** Journaled, then set aside for good. */
  readonly setAside: number;
  /** Versions whose weights are kept. */
  readonly keptVersions: number;
  /** Clients that something was let go of for. */
  readonly evictedClients: number;
  /** Waiting for an operator. */
  readonly quarantined: number;
  readonly clients: readonly ClientSummary[];
}

/** How soon a change made by another program is noticed at the latest, milliseconds. */
export const FOREIGN_CHANGE_MS = 200;

/** What an offered update names. */
export interface OfferKey {
  readonly updateId: string;
  readonly taskId: string;
  readonly clientId: string;
  readonly baseId: string;
}

/** What is known of an offered update. */
export interface OfferedRecords {
  /** The update, where it was journaled before. */
  readonly known: UpdateRecord | null;
  readonly client: ClientRecord | null;
  /** Whether an update that builds on its base was journaled: each base carries one update. */
  readonly isBaseSpent: boolean;
}

/**
 * What the aggregator knows, apart from the weights themselves. Asynchronous, because a catalogue may live in
 * another process; each method is one transaction. A method that fails leaves the catalogue as it was.
 * Every method may throw AppError `server/storage`.
 */
export interface Catalogue {
  /** A task as it was left; null when it was never created. @throws AppError `task/changed` on another manifest */
  findTask(taskId: string, manifestDigest: string): Promise<StoredTask | null>;
  /** Creates a task with its first version. */
  createTask(task: {
    taskId: string;
    manifestDigest: string;
    settings: string;
    state: TaskState;
    createdAt: string;
  }): Promise<void>;
  /**
   * Writes down settings that leave the strategy's state as it is, and forgets vectors the strategy does not know.
   * @returns digests that may have lost their last reader
   */
  changeSettings(change: {
    taskId: string;
    settings: string;
    taskVectors: readonly string[];
    clientVectors: readonly string[];
  }): Promise<readonly string[]>;
  /**
   * Gives a task another strategy: all that was kept of its clients is replaced by `client`, and each that has a
   * base receives the global weights as a new one. What is in quarantine is refused.
   */
  changeStrategy(change: {
    taskId: string;
    settings: string;
    state: TaskState;
    client: ClientProgress;
    release: Release;
    changedAt: string;
  }): Promise<Aftermath>;
  /** How many clients of a task have a base. */
  countClients(taskId: string): Promise<number>;
  /** Registers a client or refreshes its name, time and program, one that is refused as too old as well. */
  seeClient(client: {
    taskId: string;
    clientId: string;
    plantName: string;
    seenAt: string;
    /** Left out: what is known of it stays. */
    program?: ClientProgram;
  }): Promise<ClientRecord>;
  findClient(taskId: string, clientId: string): Promise<ClientRecord | null>;
  findUpdate(updateId: string): Promise<UpdateRecord | null>;
  /** A base by id, current or not. */
  findBase(baseId: string): Promise<BaseRecord | null>;
  /** All that an offered update is judged by, in one call. */
  findOffered(offer: OfferKey): Promise<OfferedRecords>;
  /**
   * Makes an update durable; on return it survives a power cut. The same update again gives the first record.
   * @throws AppError `update/id-conflict`, `update/unknown-base` (not the client's current base, or spent)
   */
  journalUpdate(update: NewUpdate): Promise<UpdateRecord>;
  /** Updates in state `received`, in order of arrival. */
  pendingUpdates(taskId: string): Promise<UpdateRecord[]>;
  /**
   * Update → applied, new task state, the client's new base and those of all clients it releases: all or nothing.
   * @throws Error when the update is not waiting, or not built on the client's present base (a bug of the caller)
   */
  applyUpdate(application: Application): Promise<Aftermath>;
  /** A round that its deadline closed: new task state, and every held client's new base. */
  closeRound(round: {
    taskId: string;
    state: TaskState;
    release: Release;
    closedAt: string;
  }): Promise<Aftermath>;
  /**
   * Update → refused, with a code that says why; it changes no weights. Its client may be sent new weights instead.
   * @throws Error when the update is not waiting
   */
  setAside(refusal: {
    updateId: string;
    code: ErrorCode;
    /** The task after the client was sent weights. */
    state: TaskState;
    issue: Issue | null;
  }): Promise<Aftermath>;
  /** Gives a client start weights, with the task's state after that. */
  issueBase(issue: Issue & { readonly state: TaskState }): Promise<Aftermath>;
  /**
   * Remembers that the client works from this base, whose file is needed no longer for that.
   * @returns digests that may have lost their last reader; null unless it is the client's current base
   */
  markInstalled(base: {
    baseId: string;
    clientId: string;
    installedAt: string;
  }): Promise<readonly string[] | null>;
  /** Lets go of versions that the retention policy does not keep; every new version does so, too. @returns as above */
  retireVersions(at: { atTime: string }): Promise<readonly string[]>;
  /** Lets go of the oldest versions of all tasks, never of a current one. @returns as above; none: there are no more */
  evictOldestVersions(evict: { count: number; atTime: string }): Promise<readonly string[]>;
  /**
   * Lets go of files that only clients need, in the order in which these were last seen; nothing of a client whose
   * update waits. The digests stay known, so that the client can be asked for the same content again.
   */
  evictFilesOfClients(evict: { count: number; atTime: string }): Promise<EvictedFiles>;
  /** Lets go of vectors of one client whose files are damaged. @returns as above */
  evictDamaged(damage: {
    taskId: string;
    clientId: string;
    names: readonly string[];
    atTime: string;
  }): Promise<readonly string[]>;
  /** The start weights of a base are stored again; false unless the client starts from it. */
  restoreStartWeights(of: { clientId: string; baseId: string }): Promise<boolean>;
  /** Those of the given digests that nothing refers to any more. */
  unreferenced(digests: readonly string[]): Promise<string[]>;
  summarise(taskId: string): Promise<TaskSummary>;
  /**
   * Calls back when another program, such as an operator's command, has changed the catalogue; within
   * {@link FOREIGN_CHANGE_MS}. Changes made through this object do not count.
   * @returns stops it
   */
  onForeignChange(listener: () => void): () => void;
  close(): Promise<void>;
}
