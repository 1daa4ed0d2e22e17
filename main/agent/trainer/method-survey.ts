import { createHash } from 'node:crypto';
import os from 'node:os';
import { toAppError } from '@genba/shared/errors/app-error';
import type { MeasuredMethod, MethodSurvey } from '@genba/shared/local-api/methods';
import type { Task } from '@genba/shared/model/task';
import type { BackendName, BackendSpeed } from '../../trainer/messages.ts';

/** What is worth measuring. Plain JavaScript, which always works and is the slowest by far, is not. */
const CANDIDATES: readonly BackendName[] = ['tensorflow', 'webgpu', 'wasm'];

/** What figures hold for: this program on this PC with this model. */
export function surveySubject(task: Task, appVersion: string): string {
  const { input, classes, model, objective, training } = task;
  const { batchSize } = training;
  const pc = [os.platform(), os.arch(), os.cpus()[0]?.model ?? '', os.availableParallelism()];
  const subject = [
    appVersion,
    process.version,
    pc,
    { input, classes: classes.length, model, objective, batchSize },
  ];
  return createHash('sha256').update(JSON.stringify(subject)).digest('hex');
}

/**
 * Measures every method, one after the other.
 * @param measure in a process of its own each: a method that takes it down counts as one that cannot be used
 * @throws AppError `trainer/cancelled` from `measure`; nothing is known then
 */
export async function surveyMethods(
  task: Task,
  subject: string,
  measure: (task: Task, name: BackendName) => Promise<BackendSpeed>,
): Promise<MethodSurvey> {
  const methods: MeasuredMethod[] = [];
  for (const name of CANDIDATES) {
    try {
      const { device, examplesPerSecond } = await measure(task, name);
      methods.push({ name, device: device?.name ?? null, examplesPerSecond, reason: null });
    } catch (thrown) {
      const { code, detail } = toAppError(thrown);
      if (code === 'trainer/cancelled') throw thrown;
      methods.push({ name, device: null, examplesPerSecond: null, reason: detail ?? code });
    }
  }
  return { subject, measuredAt: new Date().toISOString(), methods };
}

/** The methods that work, fastest first, and at last the one that always does. */
export function fastestFirst(survey: MethodSurvey): BackendName[] {
  const usable = survey.methods.filter(({ examplesPerSecond }) => examplesPerSecond !== null);
  const sorted = usable.sort((a, b) => b.examplesPerSecond! - a.examplesPerSecond!);
  return [...sorted.map(({ name }) => name), 'cpu'];
}
