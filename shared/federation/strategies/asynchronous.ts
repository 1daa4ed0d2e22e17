import type {
  ClientStanding,
  ClientState,
  JoinOutcome,
  LocalTraining,
  Reply,
  Report,
  ServerState,
  StepFigures,
  StepOutcome,
  Strategy,
} from './strategy.ts';

/** What strategies share that answer every report at once: nobody waits, so there is nothing to close. */
export abstract class AsynchronousStrategy<
  Server extends ServerState,
  Vector extends string = never,
  Scalar extends string = never,
> implements Strategy<Server, ClientState<Vector, Scalar>>
{
  abstract readonly serverVectors: readonly string[];
  abstract readonly clientVectors: readonly Vector[];
  readonly localTraining: LocalTraining = { proximalCoefficient: 0 };

  abstract open(initialWeights: Float32Array): Server;

  abstract step(
    server: Server,
    client: ClientState<Vector, Scalar>,
    report: Report,
  ): StepOutcome<Server, ClientState<Vector, Scalar>>;

  join(
    server: Server,
    client: ClientStanding<Scalar> | null,
  ): JoinOutcome<Server, ClientState<Vector, Scalar>> {
    const scalars = client?.scalars ?? none();
    return { server, client: { baseVersion: server.version, isHeld: false, vectors: none(), scalars } };
  }

  reads(_server: Server, _client: ClientStanding): readonly string[] {
    return this.clientVectors;
  }

  dueAtMs(_server: Server): null {
    return null;
  }

  close(_server: Server, _nowMs: number): null {
    return null;
  }
}

/** The outcome of a step whose client is answered at once and goes on from the version after it. */
export function answered<
  Server extends ServerState,
  Vector extends string = never,
  Scalar extends string = never,
>(step: {
  readonly server: Server;
  readonly reply: Reply;
  readonly figures: StepFigures;
  /** The client's vectors to replace, and all its scalars. */
  readonly kept?: Pick<ClientState<Vector, Scalar>, 'vectors' | 'scalars'>;
  readonly finite?: readonly Float32Array[];
}): StepOutcome<Server, ClientState<Vector, Scalar>> {
  const { server, reply, figures, finite, kept = { vectors: none(), scalars: none() } } = step;
  const client = { baseVersion: server.version, isHeld: false, ...kept };
  return { server, client, reply, releasesHeld: false, figures, finite };
}

/** A record without entries fits any names, which the compiler does not see. */
function none<Name extends string, Value>(): Readonly<Partial<Record<Name, Value>>> {
  return {} as Partial<Record<Name, Value>>;
}
