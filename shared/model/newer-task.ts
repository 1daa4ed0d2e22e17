import type { z } from 'zod';
import { taskSchema } from './task.ts';

/** How many unknown things are named. */
const MOST_NAMED = 5;

type Issue = z.core.$ZodIssue;

/**
 * What a task has that this version of Genba does not know, where that is all there is against it: a newer version made
 * it.
 * @returns one technical sentence; null where the task is right, or wrong in another way
 */
export function newerThanKnown(candidate: unknown): string | null {
  const { error } = taskSchema.safeParse(candidate);
  if (error === undefined) return null;
  const names = error.issues.map((issue) => unknownName(issue, candidate));
  if (names.some((name) => name === null)) return null;
  return `not known here: ${names.slice(0, MOST_NAMED).join(', ')}`;
}

/** Names what an issue is about if it is a field or a choice that is not known; null for anything else. */
function unknownName(issue: Issue, candidate: unknown): string | null {
  switch (issue.code) {
    case 'unrecognized_keys':
      return [...issue.path, issue.keys[0]].join('.').slice(0, 100);
    case 'invalid_value':
      return chosen(issue.path, candidate);
    case 'invalid_union':
      // Of a union that is told apart by a field, that field.
      return issue.discriminator === undefined ? null : chosen(issue.path, candidate);
    default:
      return null;
  }
}

/** A choice is a word; a number or an object where a word is due is no newer task but a wrong one. */
function chosen(path: readonly PropertyKey[], candidate: unknown): string | null {
  let value = candidate;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return typeof value === 'string' ? `${path.join('.')} "${value.slice(0, 64)}"` : null;
}
