/**
 * What an agent takes of its PC while it has nothing to do: `node bench/agent-idle.ts [SECONDS] [PHOTOS]`, Linux only.
 * Budget: less than 1 % of one core and 150 MB, agent and trainer together.
 *
 * A real aggregator and a real agent, each in a process of its own, over loopback. The agent has a folder of photos, has
 * trained one round, and may train no more. Counted from the moment its trainer has ended, which is a minute later:
 * processor time of the agent's process over the given seconds, and its resident memory at the end of them; first
 * connected, then with the aggregator gone. A window is asked for nothing meanwhile.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseTask } from '@genba/shared/model/task';
import { machine, machineLine, rounded } from './figures.ts';
import { startPhotoServer } from './photo-server.ts';
import { PlantProcess, processCpuMs, processMemory } from './plant-process.ts';

const SECONDS = Number(process.argv[2] ?? 120);
const PHOTOS = Number(process.argv[3] ?? 5000);
const BUDGET = { cpuPercent: 1, megabytes: 150 };
const MEGABYTE = 1e6;

const TASK = parseTask({
  id: 'agent-idle',
  name: { en: 'Agent idle', ja: '待機' },
  input: { kind: 'image', width: 64, height: 64, channels: 3 },
  classes: ['ok', 'ng'],
  training: { epochs: 1, batchSize: 64 },
  model: { template: 'mlp', hiddenUnits: [16] },
});

interface Row {
  readonly state: string;
  readonly seconds: number;
  readonly cpuPercent: number;
  readonly residentMegabytes: number;
  readonly ownMegabytes: number;
  readonly hasTrainer: boolean;
}

async function watch(state: string, plant: PlantProcess): Promise<Row> {
  const startedAt = performance.now();
  const before = processCpuMs(plant.pid);
  await delay(SECONDS * 1000);
  const tookMs = performance.now() - startedAt;
  const { residentBytes, ownBytes } = processMemory(plant.pid);
  return {
    state,
    seconds: Math.round(tookMs / 1000),
    cpuPercent: rounded((100 * (processCpuMs(plant.pid) - before)) / tookMs, 3),
    residentMegabytes: rounded(residentBytes / MEGABYTE, 1),
    ownMegabytes: rounded(ownBytes / MEGABYTE, 1),
    hasTrainer: plant.trainerPid() !== null,
  };
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let second = 0; !(await isTrue()); second++) {
    if (second > 1200) throw new Error(`waited too long for ${what}`);
    await delay(1000);
  }
}

const root = await mkdtemp(join(tmpdir(), 'genba-bench-idle-'));
let plant: PlantProcess | null = null;
try {
  console.log(machineLine());
  const photoServer = { task: TASK, photoCount: PHOTOS };
  const { aggregator, agentArgs } = await startPhotoServer(root, photoServer);
  const settings = [...agentArgs, '--rounds', '1', '--backend', 'cpu'];
  plant = PlantProcess.start(join(root, 'plant'), settings);
  const running = plant;
  await until('the round', async () => (await running.status())?.queue.roundsDone === 1);
  await until('the end of the trainer', async () => running.trainerPid() === null);
  const first = await watch('connected, just after training', running);
  await running.end('SIGTERM');
  plant = PlantProcess.start(join(root, 'plant'), []);
  const again = plant;
  await until('the connection', async () => (await again.status())?.network.state === 'online');
  // A minute without work, as after the round.
  await delay(65_000);
  const rows = [first, await watch('connected, started again', again)];
  await aggregator.close();
  await delay(5_000);
  rows.push(await watch('offline', again));
  console.table(rows);
  const isKept = rows.every(
    (row) =>
      row.cpuPercent < BUDGET.cpuPercent && row.residentMegabytes < BUDGET.megabytes && !row.hasTrainer,
  );
  console.log(`budget ${BUDGET.cpuPercent} % and ${BUDGET.megabytes} MB: ${isKept ? 'kept' : 'missed'}`);
  console.log(
    JSON.stringify({ bench: 'agent-idle', machine: machine(), photos: PHOTOS, budget: BUDGET, rows }),
  );
} finally {
  await plant?.end('SIGKILL');
  await rm(root, { recursive: true, force: true });
}
