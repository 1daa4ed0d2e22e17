import {
  type ClientState,
  type JoinOutcome,
  type Reply,
  type Report,
  required,
  type ServerState,
  type StepFigures,
  type Strategy,
} from './strategy.ts';

/** All a server keeps for one task: what the engine has in its catalogue and weight store. */
export interface FederationState {
  readonly server: ServerState;
  /** Every client with all its vectors. */
  readonly clients: ReadonlyMap<string, ClientState>;
}

/** What a report or a close leads to. */
export interface Answers {
  /** Who is sent what now; a client that is missing is held. */
  readonly replies: ReadonlyMap<string, Reply>;
  /** Of the report; null for a close by time. */
  readonly figures: StepFigures | null;
}

/**
 * A server in memory: the caller's side of {@link Strategy} in its plainest form, for simulations and tests. Each public
 * method is what an engine does in one transaction.
 */
export class MemoryServer {
  readonly #strategy: Strategy;
  readonly #clients: Map<string, ClientState>;
  #server: ServerState;

  private constructor(strategy: Strategy, { server, clients }: FederationState) {
    this.#strategy = strategy;
    this.#server = server;
    this.#clients = new Map(clients);
  }

  static create(strategy: Strategy, initialWeights: Float32Array): MemoryServer {
    return new MemoryServer(strategy, { server: strategy.open(initialWeights), clients: new Map() });
  }

  /** Goes on from a state taken earlier. */
  static restore(strategy: Strategy, state: FederationState): MemoryServer {
    return new MemoryServer(strategy, state);
  }

  get state(): FederationState {
    return { server: this.#server, clients: new Map(this.#clients) };
  }

  get globalWeights(): Float32Array {
    return this.#server.vectors.globalWeights!;
  }

  /** @returns the weights to start from */
  join(clientId: string): Float32Array {
    const joined = this.#strategy.join(this.#server, this.#clients.get(clientId) ?? null);
    this.#server = joined.server;
    this.#keep(clientId, joined, this.globalWeights);
    return this.globalWeights;
  }

  /** Applies an update; call {@link closeDue} first. @throws RangeError on a client that never joined */
  report(clientId: string, report: Report): Answers {
    const client = this.#clients.get(clientId);
    if (client === undefined) throw new RangeError(`unknown client ${clientId}`);
    const outcome = this.#strategy.step(this.#server, this.#load(client), report);
    this.#server = outcome.server;
    const { reply } = outcome;
    const replies = outcome.releasesHeld ? this.#release() : new Map<string, Reply>();
    this.#keep(clientId, outcome, reply?.kind === 'weights' ? reply.weights : null);
    if (reply !== null) replies.set(clientId, reply);
    return { replies, figures: outcome.figures };
  }

  /** Closes the round whose time has come; null when none is due. */
  closeDue(nowMs: number): Answers | null {
    const closed = this.#strategy.close(this.#server, nowMs);
    if (closed === null) return null;
    this.#server = closed;
    return { replies: this.#release(), figures: null };
  }

  /** Sends the global weights to everybody who is held. */
  #release(): Map<string, Reply> {
    const replies = new Map<string, Reply>();
    for (const [clientId, client] of this.#clients) {
      if (!client.isHeld) continue;
      const standing = { ...client, baseVersion: this.#server.version, isHeld: false, vectors: {} };
      this.#keep(clientId, { client: standing }, this.globalWeights);
      replies.set(clientId, { kind: 'weights', weights: this.globalWeights });
    }
    return replies;
  }

  /** Only what the step asks for: an engine would read just these files. */
  #load(client: ClientState): ClientState {
    const names = this.#strategy.reads(this.#server, client);
    const kept = names.filter((name) => client.vectors[name] !== undefined);
    return { ...client, vectors: Object.fromEntries(kept.map((name) => [name, required(client, name)])) };
  }

  #keep(
    clientId: string,
    { client, clientCalibrates }: Pick<JoinOutcome, 'client' | 'clientCalibrates'>,
    sent: Float32Array | null,
  ): void {
    if (clientCalibrates) {
      this.#clients.set(clientId, client);
      return;
    }
    const keepsStart = sent !== null && this.#strategy.clientVectors.includes('startWeights');
    const vectors = {
      ...this.#clients.get(clientId)?.vectors,
      ...client.vectors,
      ...(keepsStart ? { startWeights: sent } : {}),
    };
    this.#clients.set(clientId, { ...client, vectors });
  }
}
