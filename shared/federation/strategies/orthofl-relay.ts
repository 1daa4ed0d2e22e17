import type { CalibrationGroup } from '../groups.ts';
import { mergeUpdate } from '../orthofl.ts';
import { AsynchronousStrategy, answered } from './asynchronous.ts';
import type { OrthoFlSettings } from './settings.ts';
import { type ClientState, type Report, required, type ServerState, type StepOutcome } from './strategy.ts';

type Server = ServerState<'relayWeights', never>;
type Client = ClientState<'startWeights', never>;

/**
 * OrthoFL with the relay reference: each plant's progress is added to what the others have reached, less what they
 * already share.
 *
 * Equation: DESIGN "The algorithm", steps 1 to 5 with Δ = R − S_m (Zhang et al., *Orthogonal Calibration for
 * Asynchronous Federated Learning*, arXiv 2502.15940, as in its authors' code); R = `relayWeights`, the calibrated
 * weights last sent to any client. See `mergeUpdate`.
 * A client that joins starts from G and leaves R alone: nothing uncalibrated may enter the relay.
 * Memory: two vectors; on disk one per client.
 */
export class OrthoFlRelay extends AsynchronousStrategy<Server, 'startWeights'> {
  readonly serverVectors = ['relayWeights'] as const;
  readonly clientVectors = ['startWeights'] as const;
  readonly #settings: OrthoFlSettings;
  readonly #groups: readonly CalibrationGroup[];

  constructor(settings: OrthoFlSettings, groups: readonly CalibrationGroup[]) {
    super();
    this.#settings = settings;
    this.#groups = groups;
  }

  open(initialWeights: Float32Array): Server {
    const vectors = { globalWeights: initialWeights, relayWeights: initialWeights };
    return { version: 0, vectors, scalars: {} };
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
    const vectors = { globalWeights, relayWeights: calibratedWeights };
    return answered({
      server: { version: server.version + 1, vectors, scalars: {} },
      reply: { kind: 'weights', weights: calibratedWeights },
      figures: { staleness, mixingWeight, calibration, effect: 'merged' },
      finite,
    });
  }
}
