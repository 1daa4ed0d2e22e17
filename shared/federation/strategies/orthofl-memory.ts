import type { CalibrationGroup } from '../groups.ts';
import { mergeUpdate } from '../orthofl.ts';
import { AsynchronousStrategy, answered } from './asynchronous.ts';
import type { OrthoFlSettings } from './settings.ts';
import { type ClientState, type Report, required, type ServerState, type StepOutcome } from './strategy.ts';
import { clientDelta } from './vector-sums.ts';

type Server = ServerState<'relayWeights' | 'memoryMean', 'clientsSeen' | 'passes' | 'memoryWeight'>;
type Client = ClientState<'startWeights' | 'lastDelta', 'passesAtReport'>;

/**
 * OrthoFL's relay with memory: a client that reports often no longer pulls the relay its way by number alone.
 *
 * Equation: R ← R + (1 − c_l) δ_l + λ (H − h_m) per group l (DESIGN, "Beyond the paper"; its first part is
 * arXiv 2502.15940, see `mergeUpdate`); h_m = `lastDelta`, the client's previous δ (before its first report the last
 * term is left out), H = `memoryMean` over all clients seen, both from before this update; then h_m ← δ;
 * λ = `memory.rate`.
 * So that a plant which stays away does not pull for ever, H weighs h_m by ω_m = 2^(−passes since its report /
 * `memory.halfLife`), where a pass is as many reports as clients were seen. With Z = Σ ω_m = `memoryWeight` and the
 * fading 2^(−1 / (clients · halfLife)) applied to all: H ← (Z H − ω_m h_m + δ) / (Z − ω_m + 1). `halfLife` null is H as
 * in DESIGN.
 * Units and ranges: H is a weighted mean of deltas and never larger than the largest of them.
 * Numerics: H in float64 per element, rounded once to float32. With one client H equals h_m bit by bit, so that
 * memory, like calibration, changes nothing.
 * Memory: three vectors; on disk two per client, of which a step needs only the reporting client's.
 */
export class OrthoFlMemory extends AsynchronousStrategy<
  Server,
  'startWeights' | 'lastDelta',
  'passesAtReport'
> {
  readonly serverVectors = ['relayWeights', 'memoryMean'] as const;
  readonly clientVectors = ['startWeights', 'lastDelta'] as const;
  readonly #settings: OrthoFlSettings;
  readonly #rate: number;
  readonly #halfLife: number;
  readonly #groups: readonly CalibrationGroup[];

  constructor(
    settings: OrthoFlSettings,
    memory: NonNullable<OrthoFlSettings['memory']>,
    groups: readonly CalibrationGroup[],
  ) {
    super();
    this.#settings = settings;
    this.#rate = memory.rate;
    this.#halfLife = memory.halfLife ?? Number.POSITIVE_INFINITY;
    this.#groups = groups;
  }

  open(initialWeights: Float32Array): Server {
    return {
      version: 0,
      vectors: {
        globalWeights: initialWeights,
        relayWeights: initialWeights,
        memoryMean: new Float32Array(initialWeights.length),
      },
      scalars: { clientsSeen: 0, passes: 0, memoryWeight: 0 },
    };
  }

  step(server: Server, client: Client, { weights }: Report): StepOutcome<Server, Client> {
    const startWeights = required(client, 'startWeights');
    const staleness = server.version - client.baseVersion;
    const { globalWeights, calibratedWeights, mixingWeight, calibration, finite } = mergeUpdate(
      {
        clientWeights: weights,
        startWeights,
        globalWeights: server.vectors.globalWeights,
        referenceNow: server.vectors.relayWeights,
        referenceAtBase: startWeights,
        staleness,
      },
      this.#settings,
      this.#groups,
    );
    const lastDelta = client.scalars.passesAtReport === undefined ? null : required(client, 'lastDelta');
    const relayWeights =
      lastDelta === null
        ? calibratedWeights
        : this.#pullTowardsMean(calibratedWeights, server.vectors.memoryMean, lastDelta);
    const delta = clientDelta(weights, startWeights);
    const { mean, scalars } = this.#remember(server, client, delta);
    const vectors = { globalWeights, relayWeights, memoryMean: mean };
    return answered({
      server: { version: server.version + 1, vectors, scalars },
      reply: { kind: 'weights', weights: relayWeights },
      figures: { staleness, mixingWeight, calibration, effect: 'merged' },
      finite,
      kept: { vectors: { lastDelta: delta }, scalars: { passesAtReport: scalars.passes } },
    });
  }

  /** Adds λ (H − h_m) within the groups; normalisation weights stay the client's own. */
  #pullTowardsMean(weights: Float32Array, mean: Float32Array, lastDelta: Float32Array): Float32Array {
    const pulled = weights.slice();
    for (const { ranges } of this.#groups) {
      for (const { start, end } of ranges) {
        for (let i = start; i < end; i++) {
          pulled[i] = weights[i]! + this.#rate * (mean[i]! - lastDelta[i]!);
        }
      }
    }
    return pulled;
  }

  /** H and its scalars with the client's memory replaced by `delta`. */
  #remember(
    { vectors: { memoryMean }, scalars }: Server,
    client: Client,
    delta: Float32Array,
  ): { mean: Float32Array; scalars: Server['scalars'] } {
    const { passesAtReport } = client.scalars;
    const clientsSeen = scalars.clientsSeen + (passesAtReport === undefined ? 1 : 0);
    const passes = scalars.passes + 1 / clientsSeen;
    const fadedSince = (since: number) => 2 ** (-(passes - since) / this.#halfLife);
    const kept = fadedSince(scalars.passes) * scalars.memoryWeight;
    const replaced = passesAtReport === undefined ? 0 : fadedSince(passesAtReport);
    const lastDelta = passesAtReport === undefined ? memoryMean : required(client, 'lastDelta');
    const memoryWeight = kept - replaced + 1;
    const mean = new Float32Array(delta.length);
    for (let i = 0; i < mean.length; i++) {
      mean[i] = (kept * memoryMean[i]! - replaced * lastDelta[i]! + delta[i]!) / memoryWeight;
    }
    return { mean, scalars: { clientsSeen, passes, memoryWeight } };
  }
}
