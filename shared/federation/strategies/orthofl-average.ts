import type { CalibrationGroup } from '../groups.ts';
import { movingAverage } from '../moving-average.ts';
import { mergeUpdate } from '../orthofl.ts';
import { stalenessMixingWeight } from '../staleness.ts';
import { AsynchronousStrategy, answered } from './asynchronous.ts';
import type { OrthoFlSettings } from './settings.ts';
import {
  type ClientStanding,
  type ClientState,
  type JoinOutcome,
  type Report,
  required,
  type ServerState,
  type StepOutcome,
} from './strategy.ts';

type Server = ServerState<never, 'clientCount'>;
type Client = ClientState<'startWeights' | 'averageAtBase', 'calibratesItself'>;

/** With `auto`, the server calibrates for so many clients unless the task says otherwise. */
export const DEFAULT_CALIBRATION_LIMIT = 200;

/**
 * OrthoFL with the average reference: a client learns how the moving average went on without it.
 *
 * Equation: DESIGN "The algorithm", steps 1 to 5 with Δ = G_v − G_τ (Zhang et al., *Orthogonal Calibration for
 * Asynchronous Federated Learning*, arXiv 2502.15940); G_τ = `averageAtBase`, the average right after the client's own
 * previous merge. See `mergeUpdate`.
 *
 * Who calibrates is the same to the bit. The server keeps S_m and G_τ of a client it calibrates for. One that calibrates
 * by itself keeps them; the server does steps 1 and 4, answers with G_v and β, and `calibrateOnClient` does the rest. A
 * client changes over with its next reply, which the server calibrates a last time and sends with G_{v+1}, its next G_τ.
 * It goes back only when it joins anew: nobody could give the server its S_m and G_τ.
 * Memory: one vector; on disk two per client that the server calibrates for.
 */
export class OrthoFlAverage extends AsynchronousStrategy<
  Server,
  'startWeights' | 'averageAtBase',
  'calibratesItself'
> {
  readonly serverVectors = [] as const;
  readonly clientVectors = ['startWeights', 'averageAtBase'] as const;
  readonly #settings: OrthoFlSettings;
  readonly #groups: readonly CalibrationGroup[];
  /** How many clients the server calibrates for. */
  readonly #limit: number;

  constructor(settings: OrthoFlSettings, groups: readonly CalibrationGroup[]) {
    super();
    this.#settings = settings;
    this.#groups = groups;
    this.#limit = calibrationLimit(settings);
  }

  open(initialWeights: Float32Array): Server {
    return { version: 0, vectors: { globalWeights: initialWeights }, scalars: { clientCount: 0 } };
  }

  override join(server: Server, client: ClientStanding | null): JoinOutcome<Server, Client> {
    const clientCount = server.scalars.clientCount + (client === null ? 1 : 0);
    const counted = { ...server, scalars: { clientCount } };
    const standing = { baseVersion: server.version, isHeld: false };
    if (clientCount > this.#limit) return { server: counted, ...calibratingItself(standing) };
    const vectors = { averageAtBase: server.vectors.globalWeights };
    return { server: counted, client: { ...standing, vectors, scalars: {} } };
  }

  override reads(_server: Server, client: ClientStanding): readonly string[] {
    return client.scalars.calibratesItself === 1 ? [] : this.clientVectors;
  }

  step(server: Server, client: Client, { weights }: Report): StepOutcome<Server, Client> {
    const staleness = server.version - client.baseVersion;
    return client.scalars.calibratesItself === 1
      ? this.#mergeOnly(server, weights, staleness)
      : this.#mergeAndCalibrate(server, client, { weights, staleness });
  }

  #mergeOnly(server: Server, weights: Float32Array, staleness: number): StepOutcome<Server, Client> {
    const mixingWeight = stalenessMixingWeight(staleness, this.#settings);
    const { globalWeights } = server.vectors;
    const merged = movingAverage(globalWeights, weights, mixingWeight);
    const outcome = answered<Server>({
      server: { version: server.version + 1, vectors: { globalWeights: merged }, scalars: server.scalars },
      reply: { kind: 'calibrate', globalWeights, mixingWeight },
      figures: { staleness, mixingWeight, calibration: [], effect: 'merged' },
    });
    return { ...outcome, ...calibratingItself(outcome.client) };
  }

  #mergeAndCalibrate(
    server: Server,
    client: Client,
    { weights, staleness }: { readonly weights: Float32Array; readonly staleness: number },
  ): StepOutcome<Server, Client> {
    const { globalWeights, calibratedWeights, mixingWeight, calibration, finite } = mergeUpdate(
      {
        clientWeights: weights,
        startWeights: required(client, 'startWeights'),
        globalWeights: server.vectors.globalWeights,
        referenceNow: server.vectors.globalWeights,
        referenceAtBase: required(client, 'averageAtBase'),
        staleness,
      },
      this.#settings,
      this.#groups,
    );
    const step = {
      server: { version: server.version + 1, vectors: { globalWeights }, scalars: server.scalars },
      figures: { staleness, mixingWeight, calibration, effect: 'merged' as const },
      finite,
    };
    if (server.scalars.clientCount <= this.#limit) {
      const kept = { vectors: { averageAtBase: globalWeights }, scalars: {} };
      return answered({ ...step, reply: { kind: 'weights', weights: calibratedWeights }, kept });
    }
    const reply = { kind: 'hand-over' as const, weights: calibratedWeights, averageAtBase: globalWeights };
    const outcome = answered<Server>({ ...step, reply });
    return { ...outcome, ...calibratingItself(outcome.client) };
  }
}

/** Whether clients of a task may have to calibrate by themselves. */
export function mayCalibrateOnClient(settings: OrthoFlSettings): boolean {
  return calibrationLimit(settings) < Number.POSITIVE_INFINITY;
}

function calibrationLimit({ calibratedBy, calibrationLimit: limit }: OrthoFlSettings): number {
  if (calibratedBy === 'client') return 0;
  return calibratedBy === 'auto' ? (limit ?? DEFAULT_CALIBRATION_LIMIT) : Number.POSITIVE_INFINITY;
}

/** The part of an outcome that says so of a client. */
function calibratingItself({ baseVersion, isHeld }: Pick<ClientStanding, 'baseVersion' | 'isHeld'>): {
  client: Client;
  clientCalibrates: true;
} {
  return {
    client: { baseVersion, isHeld, vectors: {}, scalars: { calibratesItself: 1 } },
    clientCalibrates: true,
  };
}
