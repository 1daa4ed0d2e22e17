import { dirname, resolve } from 'node:path';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { readJsonFile } from './json-file.ts';

/** Largest file with a model's topology, bytes; without weights few are larger than some ten thousand. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Settings that no layer here has a use for, and that fill a task's message. */
const BALLAST = new Set(['module', 'registered_name', 'build_config', 'dtype']);

/**
 * Puts the topology of a task's model into the task, where the task names a file for it (`model.topologyFile`, as seen
 * from the task file): Keras' `model.to_json()`, or the `model.json` of TensorFlow.js. Other tasks stay as they are.
 * @throws AppError `task/invalid`
 */
export async function withTopology(candidate: unknown, taskPath: string): Promise<unknown> {
  const { model, ...rest } = Object(candidate) as { readonly model?: unknown };
  const { topologyFile, ...others } = Object(model) as { readonly topologyFile?: unknown };
  if (typeof topologyFile !== 'string') return candidate;
  const topology = slimmed(
    topologyIn(await readTopology(resolve(dirname(taskPath), topologyFile), topologyFile)),
  );
  return { ...rest, model: { ...others, topology } };
}

async function readTopology(path: string, name: string): Promise<unknown> {
  try {
    return await readJsonFile(path, {
      mostBytes: MAX_FILE_BYTES,
      hint: 'give the topology, not the weights',
    });
  } catch (cause) {
    const { detail } = toAppError(cause);
    throw new AppError('task/invalid', { detail: `model.topologyFile: ${name}: ${detail}`, cause });
  }
}

/** TensorFlow.js and its converter wrap a topology once or twice; Keras does not. */
function topologyIn(file: unknown): unknown {
  const { modelTopology, model_config } = Object(file) as Record<string, unknown>;
  const inner = modelTopology ?? model_config;
  return inner === undefined ? file : topologyIn(inner);
}

/** What a topology is read for; a task travels in one message. */
function slimmed(topology: unknown): unknown {
  const { class_name, config } = Object(topology) as { class_name?: unknown; config?: unknown };
  const { layers, output_layers } = Object(config) as { layers?: unknown; output_layers?: unknown };
  const kept = Array.isArray(layers) ? layers.map((layer) => withoutBallast(layer)) : layers;
  return { class_name, config: { layers: kept, ...(output_layers === undefined ? {} : { output_layers }) } };
}

function withoutBallast(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutBallast);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, held]) => held !== null && !BALLAST.has(key))
      .map(([key, held]) => [key, withoutBallast(held)]),
  );
}
