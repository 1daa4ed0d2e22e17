import { AppError } from '../../errors/app-error.ts';
import { fastestKernels } from '../kernels/fastest-kernels.ts';
import type {
  ClientStanding,
  ClientState,
  JoinOutcome,
  LocalTraining,
  Report,
  ServerState,
  StepOutcome,
  Strategy,
} from './strategy.ts';

/**
 * Guards a strategy: what no correct caller passes is refused with a RangeError before it can touch a model. That an
 * update is finite is checked where it arrives; here, that what it leads to is.
 */
export class CheckedStrategy implements Strategy {
  readonly #strategy: Strategy;
  /** Elements of every vector. */
  readonly #size: number;

  constructor(strategy: Strategy, size: number) {
    this.#strategy = strategy;
    this.#size = size;
  }

  get serverVectors(): readonly string[] {
    return this.#strategy.serverVectors;
  }

  get clientVectors(): readonly string[] {
    return this.#strategy.clientVectors;
  }

  get localTraining(): LocalTraining {
    return this.#strategy.localTraining;
  }

  open(initialWeights: Float32Array): ServerState {
    this.#requireSize('initialWeights', initialWeights);
    return this.#strategy.open(initialWeights);
  }

  join(server: ServerState, client: ClientStanding | null): JoinOutcome {
    this.#requireServer(server);
    if (client !== null) requireStanding(server, client);
    return this.#strategy.join(server, client);
  }

  reads(server: ServerState, client: ClientStanding): readonly string[] {
    requireStanding(server, client);
    return this.#strategy.reads(server, client);
  }

  step(server: ServerState, client: ClientState, report: Report): StepOutcome {
    this.#requireServer(server);
    requireStanding(server, client);
    for (const [name, vector] of Object.entries(client.vectors)) {
      if (vector !== undefined) this.#requireSize(name, vector);
    }
    this.#requireReport(report);
    if (client.isHeld) throw new RangeError('a held client has reported already');
    const dueAtMs = this.#strategy.dueAtMs(server);
    if (dueAtMs !== null && dueAtMs <= report.receivedAtMs) {
      throw new RangeError(`the round was due at ${dueAtMs} and must be closed first`);
    }
    const outcome = this.#strategy.step(server, client, report);
    requireFinite(server, outcome);
    return outcome;
  }

  dueAtMs(server: ServerState): number | null {
    return this.#strategy.dueAtMs(server);
  }

  close(server: ServerState, nowMs: number): ServerState | null {
    this.#requireServer(server);
    return this.#strategy.close(server, nowMs);
  }

  #requireServer({ vectors, version }: ServerState): void {
    requireCount('version', version);
    for (const name of ['globalWeights', ...this.#strategy.serverVectors]) {
      const vector = vectors[name];
      if (vector === undefined) throw new RangeError(`server vector ${name} is missing`);
      this.#requireSize(name, vector);
    }
  }

  #requireReport({ weights, examples, receivedAtMs }: Report): void {
    this.#requireSize('weights', weights);
    requireCount('examples', examples);
    if (!Number.isFinite(receivedAtMs))
      throw new RangeError(`receivedAtMs must be finite, got ${receivedAtMs}`);
  }

  #requireSize(name: string, vector: Float32Array): void {
    if (vector.length !== this.#size) {
      throw new RangeError(`${name} must have ${this.#size} elements, got ${vector.length}`);
    }
  }
}

/** @throws AppError `update/not-finite` */
function requireFinite(before: ServerState, { server, client, reply, finite = [] }: StepOutcome): void {
  const vectors = { ...server.vectors, ...client.vectors };
  if (reply !== null && 'weights' in reply) vectors.reply = reply.weights;
  const known = new Set([...Object.values(before.vectors), ...finite]);
  // Most of them are one object under several names.
  for (const vector of new Set(Object.values(vectors))) {
    if (vector === undefined || known.has(vector) || fastestKernels().isAllFinite(vector)) continue;
    throw new AppError('update/not-finite', { detail: 'merging it leaves the range of float32' });
  }
}

function requireStanding(server: ServerState, { baseVersion }: ClientStanding): void {
  requireCount('baseVersion', baseVersion);
  if (baseVersion > server.version) {
    throw new RangeError(`baseVersion ${baseVersion} lies after version ${server.version}`);
  }
}

function requireCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${name} must be a whole number from 0, got ${value}`);
  }
}
