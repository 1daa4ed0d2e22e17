import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseTask } from '@genba/shared/model/task';
import { parse } from 'csv-parse/sync';
import { readPlantTables } from './plant-tables.ts';
import { joinExamples, type ProblemMaker } from './problem.ts';

type Row = Readonly<Record<string, string>>;

/** Rows in a window; a mote reports every five seconds. */
const WINDOW_ROWS = 12;

/**
 * Labelled wireless sensor network data (S. Suthaharan et al., ISSNIP 2010, ODC-BY 1.0): humidity and temperature of
 * motes, and the few moments in which hot steam was let at them. One network trains, the other is the common test:
 * neither a mote nor an event is on both sides.
 */
export const sensorNetwork =
  (folder: string): ProblemMaker =>
  async (seed) => {
    const task = parseTask({
      id: 'sensor-network',
      name: { en: 'Sensor network', ja: 'センサー網' },
      input: {
        kind: 'series',
        columns: ['humidity', 'temperature'],
        windowRows: WINDOW_ROWS,
        strideRows: WINDOW_ROWS / 2,
        labelColumn: 'label',
      },
      classes: ['0', '1'],
      objective: { kind: 'classification', classWeights: 'balanced' },
      model: { template: 'mlp', hiddenUnits: [16] },
      training: { epochs: 1, batchSize: 32, learningRate: 0.02, momentum: 0.9, validationShare: 0.3 },
      federation: { strategy: 'orthofl', mixingWeight: 0.1, stalenessExponent: 0 },
      seed,
    });
    const motesOf = (file: string, name: string) => {
      const rows: Row[] = parse(readFileSync(path.join(folder, file)), { columns: true, bom: true });
      const byMote = Map.groupBy(rows, ({ mote_id }) => mote_id!);
      return new Map([...byMote].sort().map(([mote, own]) => [`${name}, mote ${mote}`, own]));
    };
    const plants = await readPlantTables(task, motesOf('single-hop.csv', 'single-hop'), seed);
    const others = await readPlantTables(task, motesOf('multi-hop.csv', 'multi-hop'), seed);
    return {
      id: 'sensor-network',
      title: 'Sensor network, events',
      plantsAre: `4 plants, the motes of the single-hop network; two of them never see an event. Windows of ${WINDOW_ROWS} rows, a minute`,
      task,
      plants,
      commonTest: joinExamples(others.flatMap(({ training, test }) => [training, test])),
      commonTestIs: 'the multi-hop network: four other motes and other events',
      horizonSeconds: 10_000,
    };
  };
