import { payloadBytes } from '@genba/shared/federation/encoding/payload-size';
import { weightLayout } from '@genba/shared/model/layout';
import { type Task, updateEncodingOf } from '@genba/shared/model/task';

/** The three models of the last sync, and the one that judges new parts. */
const JUDGED_MODELS = 4;

/** What SQLite adds to the bytes of a model: page headers in the file, frame headers in the log; a share. */
const OVERHEAD = 0.02;

/** Room for rounds, installs, ledger and keys (about 0.3 kB a round), and the log SQLite keeps for small changes, bytes. */
const SMALL_THINGS_BYTES = 8e6;

/**
 * The most the data folder can hold at one moment because of a task's model. Nothing of it grows with time: squash keeps
 * what waits at two updates, and everything else is there once.
 *
 * Equation: kept (W, S, the update on its way, its delta where it travels as one, G_τ where the client calibrates; the
 *   three models of the last sync, and the one in use) + log (an install writes W, S, G_τ and the three models in one
 *   transaction before any of them replaces the old one) + download (one vector, or two when the client takes
 *   calibration over).
 * Units: bytes.
 */
export function worstCaseBytes(task: Task): number {
  const layout = weightLayout(task);
  const model = payloadBytes('float32', layout);
  const { federation } = task;
  const mayCalibrate =
    federation.strategy === 'orthofl' && (federation.calibratedBy ?? 'server') !== 'server';
  const encoding = updateEncodingOf(task);
  const delta = encoding === 'float32' ? 0 : payloadBytes(encoding, layout);
  const kept = (3 + JUDGED_MODELS) * model + delta + (mayCalibrate ? model : 0);
  const log = (5 + (mayCalibrate ? 1 : 0)) * model + delta;
  const download = (mayCalibrate ? 2 : 1) * model;
  return Math.ceil((kept + log + download) * (1 + OVERHEAD)) + SMALL_THINGS_BYTES;
}
