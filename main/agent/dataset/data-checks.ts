import { type DataCheck, PREVIEW_LIMITS } from '@genba/shared/local-api/preview';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import type { Split } from './split.ts';

/** Fewer examples of a class than this are learnt by heart rather than understood. */
const FEW_EXAMPLES = 20;
/** With so many held out, a share of 90 % is known within 5 points either way (√(0.9 × 0.1 / 30)). */
const FEW_HELD_OUT = 30;
/** A person looks at what was skipped from this share on. */
const MUCH_SKIPPED = 0.05;

/** What is known of the examples before they are used. */
export interface CheckedData {
  readonly task: Task;
  readonly labels: Uint16Array;
  readonly split: Split;
  readonly skipped: number;
}

/** Looks for what a person should know before a model learns from the examples. */
export function checkExamples({ task, labels, split, skipped }: CheckedData): DataCheck[] {
  const checks: DataCheck[] = [];
  const total = labels.length + skipped;
  if (skipped > total * MUCH_SKIPPED) checks.push({ kind: 'much-skipped', skipped, total });
  checks.push(...checkClasses({ task, labels, split }));
  const held = split.validation.length;
  if (task.training.validationShare > 0 && held < FEW_HELD_OUT) {
    checks.push({ kind: 'few-held-out', count: held, wanted: FEW_HELD_OUT });
  }
  return checks;
}

function checkClasses({ task, labels, split }: Omit<CheckedData, 'skipped'>): DataCheck[] {
  const counts = countsOf(labels, labels.keys(), task.classes.length);
  const held = countsOf(labels, split.validation, task.classes.length);
  // Anomalies are not learnt: only the good class must be there.
  const learnt = objectiveOf(task).kind === 'anomaly' ? task.classes.slice(0, 1) : task.classes;
  const absent = learnt.filter((_, label) => counts[label] === 0);
  const checks: DataCheck[] = absent.length === 0 ? [] : [{ kind: 'absent-classes', names: listed(absent) }];
  for (const [label, name] of learnt.entries()) {
    const count = counts[label]!;
    if (count > 0 && count < FEW_EXAMPLES) {
      checks.push({ kind: 'rare-class', name, count, wanted: FEW_EXAMPLES });
    }
  }
  const unjudged = learnt.filter((_, label) => counts[label]! > 0 && held[label] === 0);
  if (task.training.validationShare > 0 && unjudged.length > 0) {
    checks.push({ kind: 'not-held-out', names: listed(unjudged) });
  }
  return checks.slice(0, PREVIEW_LIMITS.names);
}

/** Columns whose values are all the same. Shapes: `inputs` holds rows of one value per column. */
export function constantColumns(inputs: Float32Array, columns: readonly string[]): DataCheck[] {
  const rows = inputs.length / columns.length;
  if (rows < 2) return [];
  const constant = columns.filter((_, column) => {
    for (let row = 1; row < rows; row++) {
      if (inputs[row * columns.length + column] !== inputs[column]) return false;
    }
    return true;
  });
  return constant.length === 0 ? [] : [{ kind: 'constant-columns', names: listed(constant) }];
}

/** As many names as a preview lists. */
export function listed(names: readonly string[]): string[] {
  return names.slice(0, PREVIEW_LIMITS.names).map((name) => name.slice(0, 200));
}

function countsOf(labels: Uint16Array, places: Iterable<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const place of places) if (labels[place]! < classes) counts[labels[place]!]! += 1;
  return counts;
}
