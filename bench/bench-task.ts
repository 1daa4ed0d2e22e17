import { parseTask, type Task } from '@genba/shared/model/task';

/** Hidden layers of a table model by its rounded number of parameters. */
const HIDDEN_UNITS = { '1 M': [1000, 1000], '100 k': [312, 312] } as const;

export type ModelSize = keyof typeof HIDDEN_UNITS;

/** A task of about that many parameters. */
export function benchTask(size: ModelSize, federation: object = {}): Task {
  return parseTask({
    id: 'bench',
    name: { en: 'Bench', ja: 'ベンチ' },
    input: { kind: 'table', columns: ['a', 'b', 'c', 'd'], labelColumn: 'label' },
    classes: ['ok', 'ng'],
    model: { template: 'mlp', hiddenUnits: HIDDEN_UNITS[size] },
    federation,
  });
}
