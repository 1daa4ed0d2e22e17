/**
 * What the aggregator keeps of its plants under OrthoFL's average reference, by who calibrates: `node
 * bench/client-calibration.ts`. With `client` neither memory nor disk grows with the number of plants: the server has
 * one model, the kept versions, and what is on its way. Then, what calibrating costs a plant.
 *
 * Each row is a process of its own that lets so many plants join, report once and install the reply. Prints two tables,
 * and JSON on the last line.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { calibrationGroups } from '@genba/shared/federation/groups';
import { calibrateOnClient } from '@genba/shared/federation/strategies/calibrate-on-client';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask, type Task } from '@genba/shared/model/task';
import { EngineBench } from '../aggregator-server/testing/engine-bench.ts';
import { randomWeights, trained } from '../aggregator-server/testing/fixtures.ts';

const PLANTS = [50, 100, 400] as const;
const CALIBRATED_BY = ['server', 'client'] as const;
/** Hidden units of a model by its size. */
const MODELS = { '60k': [240, 240], '1M': [1000, 1000], '25M': [4990, 4990] } as const;
const MEGABYTE = 1e6;
const TIMED_RUNS = 5;

interface Row {
  readonly calibratedBy: (typeof CALIBRATED_BY)[number];
  readonly plants: number;
  readonly weightFiles: number;
  readonly weightFilesMegabytes: number;
  /** Memory of vectors and buffers after a collection. */
  readonly buffersMegabytes: number;
  readonly residentMegabytes: number;
}

function taskOf(model: keyof typeof MODELS, calibratedBy: Row['calibratedBy']): Task {
  return parseTask({
    id: 'client-calibration',
    name: { en: 'Calibration', ja: '較正' },
    input: { kind: 'table', columns: ['a', 'b', 'c', 'd'], labelColumn: 'label' },
    classes: ['ok', 'ng'],
    model: { template: 'mlp', hiddenUnits: MODELS[model] },
    federation: { reference: 'average', calibratedBy },
  });
}

/** One row, in this process. */
async function visits(calibratedBy: Row['calibratedBy'], plants: number): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'genba-bench-'));
  const task = taskOf('60k', calibratedBy);
  const bench = await EngineBench.open(folder, task);
  try {
    for (let plant = 0; plant < plants; plant++) {
      const clientId = `plant${plant}`;
      const { baseId } = await bench.join(clientId);
      const { weights } = await bench.baseOf(clientId);
      await bench.engine.markInstalled({ baseId, clientId });
      const updateId = crypto.randomUUID();
      await bench.deliver({ updateId, clientId, baseId, weights: trained(weights, plant) });
      await bench.engine.whenIdle();
      const reply = await bench.baseOf(clientId);
      await bench.engine.markInstalled({ baseId: reply.base.baseId, clientId });
    }
    const files = (await bench.store.weights.list()).length;
    globalThis.gc!();
    const { arrayBuffers, rss } = process.memoryUsage();
    return {
      calibratedBy,
      plants,
      weightFiles: files,
      weightFilesMegabytes: megabytes(files * weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT),
      buffersMegabytes: megabytes(arrayBuffers),
      residentMegabytes: megabytes(rss),
    };
  } finally {
    await bench.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function megabytes(bytes: number): number {
  return Math.round((10 * bytes) / MEGABYTE) / 10;
}

/** Shortest time in which a plant calibrates a reply and derives its next reference, milliseconds. */
function plantMs(model: '1M' | '25M'): number {
  const task = taskOf(model, 'client');
  const [sent, start, reference, globalWeights] = [1, 2, 3, 4].map((seed) => randomWeights(task, seed));
  const groups = calibrationGroups(weightLayout(task), 'layer');
  const times = Array.from({ length: TIMED_RUNS }, () => {
    const startedAt = performance.now();
    const reply = { kind: 'calibrate', globalWeights: globalWeights!, mixingWeight: 0.3 } as const;
    calibrateOnClient(reply, sent!, { startWeights: start!, averageAtBase: reference! }, groups);
    return performance.now() - startedAt;
  });
  return Math.round(10 * Math.min(...times)) / 10;
}

async function measure(): Promise<void> {
  const rows: Row[] = [];
  for (const calibratedBy of CALIBRATED_BY) {
    for (const plants of PLANTS) {
      const child = fork(import.meta.filename, [calibratedBy, `${plants}`], { execArgv: ['--expose-gc'] });
      const [row] = (await once(child, 'message')) as [Row];
      rows.push(row);
    }
  }
  console.table(rows);
  const atThePlant = (['1M', '25M'] as const).map((model) => ({ model, ms: plantMs(model) }));
  console.table(atThePlant);
  const machine = { cores: availableParallelism(), node: process.version };
  console.log(JSON.stringify({ bench: 'client-calibration', machine, rows, atThePlant }));
}

const [calibratedBy, plants] = process.argv.slice(2);
if (plants === undefined) await measure();
else {
  process.send!(await visits(calibratedBy as Row['calibratedBy'], Number(plants)));
  process.disconnect();
}
