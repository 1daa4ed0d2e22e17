import { AppError } from '../errors/app-error.ts';
import type { UpdateEncoding } from '../federation/encoding/update-encoding.ts';
import { type ScreeningSettings, screeningSchema } from '../federation/screening/settings.ts';
import { type ExampleSplit, type Objective, type Task, taskFields } from './task-fields.ts';
import { checkClasses, checkFederation, checkInput, checkModel, type Refuse } from './task-rules.ts';

export type { Augmentation, ExampleSplit, Objective, Task, TaskInput } from './task-fields.ts';

/** Largest model an aggregator serves, in parameters (400 MB of float32): bounds memory before weights exist. */
export const MAX_MODEL_PARAMETERS = 100_000_000;

/** Longest task description, characters of JSON: it travels in one control frame, with room for the rest. */
const MAX_TASK_CHARACTERS = 48 * 1024;

/** A task: one model that several plants train together. */
export const taskSchema = taskFields.check((context) => {
  const task = context.value;
  const refuse: Refuse = (path, message) => {
    context.issues.push({ code: 'custom', path: [...path], message, input: task });
  };
  checkClasses(task, refuse);
  checkInput(task, refuse);
  checkModel(task, refuse);
  checkFederation(task, refuse);
  const characters = JSON.stringify(task).length;
  if (characters > MAX_TASK_CHARACTERS) {
    refuse(
      [],
      `${characters} characters, at most ${MAX_TASK_CHARACTERS}: shorten names or leave columns out`,
    );
  }
});

/** What a task learns: a class, all examples counting alike, unless it says otherwise. */
export function objectiveOf({ objective }: Pick<Task, 'objective'>): Objective {
  return objective ?? { kind: 'classification', classWeights: 'equal' };
}

/** How a task keeps examples apart: each by itself unless it says otherwise. */
export function splitOf({ split }: Pick<Task, 'split'>): ExampleSplit {
  return split ?? { by: 'example' };
}

/** How a task's updates are screened; null where they are not. */
export function screeningOf({ screening }: Task): ScreeningSettings | null {
  const settings = screening ?? screeningSchema.parse({});
  return settings.enabled ? settings : null;
}

/** How the plants of a task send their updates: in full unless it says otherwise. */
export function updateEncodingOf({ updateEncoding = 'float32' }: Task): UpdateEncoding {
  return updateEncoding;
}

/**
 * Checks a task description.
 * @throws AppError `task/invalid`, its detail naming each wrong field
 */
export function parseTask(candidate: unknown): Task {
  const parsed = taskSchema.safeParse(candidate);
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues
    .map((issue) => `${issue.path.join('.') || 'task'}: ${issue.message}`)
    .join('; ');
  throw new AppError('task/invalid', { detail });
}
