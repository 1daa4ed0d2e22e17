import { readFileSync } from 'node:fs';
import { parseTask } from '@genba/shared/model/task';
import { parse } from 'csv-parse/sync';
import { readPlantTables } from './plant-tables.ts';
import { joinExamples, type ProblemMaker } from './problem.ts';

type Row = Readonly<Record<string, string>>;

/** Product quality, the natural plants of these data. */
const QUALITIES = { L: 'low quality', M: 'medium quality', H: 'high quality' } as const;

/**
 * AI4I 2020 predictive maintenance (S. Matzka, UCI Machine Learning Repository, CC BY 4.0): will the machine fail in
 * this cycle? 339 of 10,000 do.
 */
export const ai4i =
  (file: string): ProblemMaker =>
  async (seed) => {
    const rows: Row[] = parse(readFileSync(file), { columns: true, bom: true });
    const task = parseTask({
      id: 'ai4i-2020',
      name: { en: 'AI4I 2020', ja: 'AI4I 2020' },
      input: {
        kind: 'table',
        columns: [
          'Air temperature [K]',
          'Process temperature [K]',
          'Rotational speed [rpm]',
          'Torque [Nm]',
          'Tool wear [min]',
        ],
        labelColumn: 'Machine failure',
      },
      classes: ['0', '1'],
      objective: { kind: 'classification', classWeights: 'balanced' },
      model: { template: 'mlp', hiddenUnits: [32, 16] },
      training: { epochs: 1, batchSize: 32, learningRate: 0.02, momentum: 0.9, validationShare: 0.3 },
      federation: { strategy: 'orthofl', mixingWeight: 0.1, stalenessExponent: 0 },
      seed,
    });
    const tables = new Map(
      Object.entries(QUALITIES).map(([type, name]) => [name, rows.filter(({ Type }) => Type === type)]),
    );
    const plants = await readPlantTables(task, tables, seed);
    return {
      id: 'ai4i',
      title: 'AI4I 2020, machine failures',
      plantsAre:
        '3 plants by product quality, with 6,000, 2,997 and 1,003 machine cycles; 3.4 % of the cycles fail',
      task,
      plants,
      commonTest: joinExamples(plants.map(({ test }) => test)),
      commonTestIs: 'the held-out cycles of all three plants',
      horizonSeconds: 10_000,
    };
  };
