import { createHash } from 'node:crypto';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';

/**
 * Names what may not change under a task id: input, classes, model and the layout that follows from them. Name,
 * training, federation settings, update encoding and seed may change between two starts.
 * @returns sha256 in hexadecimal
 */
export function manifestDigest(task: Task): string {
  const { input, classes, model } = task;
  const manifest = canonicalJson({ input, classes, model, layout: weightLayout(task).tensors });
  return createHash('sha256').update(manifest).digest('hex');
}

/** Names the settings that decide how far a round of training moves a model. @returns sha256 in hexadecimal */
export function trainingDigest({ training }: Task): string {
  return createHash('sha256').update(canonicalJson(training)).digest('hex');
}

/**
 * Names the history that an update's norms are compared with and belong to: that of the training settings, and of what
 * the client's way is measured from. A client that calibrates by itself is measured from global weights, because nobody
 * else has its start weights; those norms are of another size, and compare with their like only.
 */
export function historyKey(task: Task, origin: 'start-weights' | 'global-weights'): string {
  const training = trainingDigest(task);
  return origin === 'start-weights' ? training : `${training} from global weights`;
}

/** JSON with sorted keys, so that a digest does not hang on the order in a task file. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
