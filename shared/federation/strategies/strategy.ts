import type { GroupCoefficient } from '../calibration.ts';

/**
 * What the server keeps for a task. Vectors are float32 and of one length, so that each can be a file named by its
 * content; scalars are finite numbers, so that they survive JSON unchanged.
 */
export interface ServerState<Vector extends string = string, Scalar extends string = string> {
  /** How often the global weights changed. */
  readonly version: number;
  /** `globalWeights` and what the strategy lists as {@link Strategy.serverVectors}. */
  readonly vectors: Readonly<Record<Vector | 'globalWeights', Float32Array>>;
  readonly scalars: Readonly<Record<Scalar, number>>;
}

/** What the server knows of a client without opening a file. */
export interface ClientStanding<Scalar extends string = string> {
  /** Version of the weights it was last sent. */
  readonly baseVersion: number;
  /** Whether its last report is in and still unanswered: a round has to close first. */
  readonly isHeld: boolean;
  readonly scalars: Readonly<Partial<Record<Scalar, number>>>;
}

/**
 * A client with vectors. As an input it carries those the strategy asked for with {@link Strategy.reads}, as far as
 * they were ever kept; as a result it carries those to replace, and what it does not name stays as it is.
 */
export interface ClientState<Vector extends string = string, Scalar extends string = string>
  extends ClientStanding<Scalar> {
  readonly vectors: Readonly<Partial<Record<Vector, Float32Array>>>;
}

/** One journaled update. */
export interface Report {
  /** W_m: all the client's weights, not its delta. */
  readonly weights: Float32Array;
  /** Training examples per round behind it. */
  readonly examples: number;
  /** When it was journaled; milliseconds since 1970. A replay passes the same time again. */
  readonly receivedAtMs: number;
}

/** What a client is answered. */
export type Reply =
  /** Its new start weights. */
  | { readonly kind: 'weights'; readonly weights: Float32Array }
  /** G_v before its update, and the weight of its update: the client calibrates by itself. */
  | { readonly kind: 'calibrate'; readonly globalWeights: Float32Array; readonly mixingWeight: number }
  /** Its new start weights, and G_τ for calibrating by itself from now on. */
  | { readonly kind: 'hand-over'; readonly weights: Float32Array; readonly averageAtBase: Float32Array };

/** Figures of one step, for the log and the status pages. */
export interface StepFigures {
  /** Changes of the global weights since the client's base. */
  readonly staleness: number;
  /** How strongly the update counts, 0 to 1; null where that is known only when the round closes. */
  readonly mixingWeight: number | null;
  readonly calibration: readonly GroupCoefficient[];
  /** `merged`: in the global weights. `buffered`: in with the next change. `dropped`: came too late. */
  readonly effect: 'merged' | 'buffered' | 'dropped';
}

/** Where a task and a client stand after the client joined; it is sent the global weights. */
export interface JoinOutcome<Server = ServerState, Client = ClientState> {
  readonly server: Server;
  readonly client: Client;
  /**
   * Set where the client calibrates by itself from now on: the caller forgets all vectors it kept of it, and global
   * weights that are sent to it are its G_τ, too.
   */
  readonly clientCalibrates?: true;
}

/** All that one update changes; to be stored in one transaction. */
export interface StepOutcome<Server = ServerState, Client = ClientState> extends JoinOutcome<Server, Client> {
  /** null: the client is held. */
  readonly reply: Reply | null;
  /** Whether all other held clients are sent the new global weights now, as after {@link Strategy.close}. */
  readonly releasesHeld: boolean;
  readonly figures: StepFigures;
  /** Vectors of which the arithmetic itself has shown that they are finite; all others are looked at. */
  readonly finite?: readonly Float32Array[];
}

/** What the clients' own training has to add. */
export interface LocalTraining {
  /** μ ≥ 0: adds μ/2 ‖w − S_m‖² to the local loss, S_m the start weights; 0 adds nothing. */
  readonly proximalCoefficient: number;
}

/**
 * How updates become global weights and replies. A pure function from state to state: no clock, no I/O, no chance;
 * the same sequence gives the same bits. Inputs are never mutated. A vector that did not change comes back as the
 * same object, and two vectors with the same content are one object, so the caller writes each content once.
 *
 * The caller keeps, per client, every vector of {@link clientVectors}, on disk; a step needs only those of one
 * client. One name it fills in itself: `startWeights` is what the client was last sent, by join, reply or release. Of
 * a client that calibrates by itself it keeps none.
 *
 * Time: before a step, and whenever {@link dueAtMs} is reached, the caller closes the round that is due and commits
 * that by itself. So the state depends on the journaled times only, not on when a timer fired.
 */
export interface Strategy<
  Server extends ServerState = ServerState,
  Client extends ClientState = ClientState,
> {
  /** Besides `globalWeights`. Few and held in memory. */
  readonly serverVectors: readonly string[];
  /** Kept on disk for each client. */
  readonly clientVectors: readonly string[];
  readonly localTraining: LocalTraining;
  /**
   * The state of a new task; or, from its global weights, of one whose strategy was changed: there the caller keeps
   * counting its version and lets every client join anew, as null.
   */
  open(initialWeights: Float32Array): Server;
  /** Gives a client, new (null) or known, the global weights to start from. Opens none of its vectors. */
  join(server: Server, client: ClientStanding | null): JoinOutcome<Server, Client>;
  /** Which of the client's vectors a step will look at. */
  reads(server: Server, client: ClientStanding): readonly string[];
  /**
   * Applies one update.
   * @throws AppError `update/not-finite` when a weight would leave the range of float32: the update must be set aside
   * @throws RangeError on input that no correct caller gives
   */
  step(server: Server, client: Client, report: Report): StepOutcome<Server, Client>;
  /** When the open round must close, milliseconds since 1970; null while nobody waits. */
  dueAtMs(server: Server): number | null;
  /** The state after closing the round that is due, all held clients released; null when none is due yet. */
  close(server: Server, nowMs: number): Server | null;
}

/** One of the client's vectors. @throws RangeError when it was not loaded */
export function required<Name extends string>(
  { vectors }: ClientState<Name>,
  name: NoInfer<Name>,
): Float32Array {
  const vector = vectors[name];
  if (vector === undefined) throw new RangeError(`client vector ${name} is missing`);
  return vector;
}
