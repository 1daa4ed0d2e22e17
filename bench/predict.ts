/**
 * How fast an agent answers `POST /predict`, alone and while it trains: `node bench/predict.ts [REQUESTS] [BACKEND]`.
 *
 * A real aggregator, and a real agent with its trainer and its judging process, over loopback. Programs in this process
 * send one photo per request over connections that stay open, one or four at a time, each the next when it has its answer.
 * Training is paused and goes on by turns. Budget: at the 99th percentile 100 ms for one program while training runs, which
 * is a part every 0.1 s.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseTask } from '@genba/shared/model/task';
import { predictToken } from '../main/agent/predict/predict-token.ts';
import { machine, machineLine, quantile, rounded } from './figures.ts';
import { startPhotoServer } from './photo-server.ts';
import { PlantProcess } from './plant-process.ts';

const REQUESTS = Number(process.argv[2] ?? 400);
const BACKEND = process.argv[3] ?? 'wasm';
const PHOTOS = 400;
const TURNS = 2;
/** Batches of a round: nine in ten photos, by 32. */
const BATCHES = Math.ceil((0.9 * PHOTOS) / 32);
const BUDGET_P99_MS = 100;

const TASK = parseTask({
  id: 'predict',
  name: { en: 'Predict', ja: '判定' },
  input: { kind: 'image', width: 64, height: 64, channels: 3 },
  classes: ['ok', 'ng'],
  training: { epochs: 1, batchSize: 32 },
  model: { template: 'small-cnn', filters: [8, 16], denseUnits: 32 },
});

interface Row {
  readonly training: boolean;
  readonly programs: number;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

interface Door {
  readonly port: number;
  readonly token: string;
  readonly photo: Buffer;
}

/** One request. @returns how long the answer took, milliseconds @throws Error for any answer but a verdict */
function ask({ port, token, photo }: Door, agent: Agent): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'image/jpeg',
      'content-length': photo.byteLength,
    };
    const target = { host: '127.0.0.1', port, path: '/predict', method: 'POST', headers, agent };
    const sent = request(target, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        if (response.statusCode === 200 && text.includes('"kind":"class"'))
          resolve(performance.now() - startedAt);
        else reject(new Error(`${response.statusCode}: ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(photo);
  });
}

async function load(door: Door, programs: number, training: boolean): Promise<Row> {
  const agent = new Agent({ keepAlive: true, maxSockets: programs });
  const times: number[] = [];
  const startedAt = performance.now();
  const each = async () => {
    for (let count = 0; count < REQUESTS / programs; count++) times.push(await ask(door, agent));
  };
  await Promise.all(Array.from({ length: programs }, each));
  const seconds = (performance.now() - startedAt) / 1000;
  agent.destroy();
  return {
    training,
    programs,
    requests: times.length,
    p50Ms: rounded(quantile(times, 0.5), 1),
    p99Ms: rounded(quantile(times, 0.99), 1),
    perSecond: rounded(times.length / seconds, 0),
  };
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isTrue()); tries++) {
    if (tries > 600) throw new Error(`waited too long for ${what}`);
    await delay(200);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const root = await mkdtemp(join(tmpdir(), 'genba-bench-predict-'));
let plant: PlantProcess | null = null;
try {
  console.log(machineLine());
  const { aggregator, agentArgs } = await startPhotoServer(root, { task: TASK, photoCount: PHOTOS });
  const port = await freePort();
  const settings = [...agentArgs, '--rest', '0', '--backend', BACKEND, '--predict-port', String(port)];
  plant = PlantProcess.start(join(root, 'plant'), settings);
  const running = plant;
  const roundsDone = async () => (await running.status())?.queue.roundsDone ?? 0;
  /** Batches trained so far, as far as is known of the running round. */
  const batchesDone = async () => {
    const { queue, round } = (await running.status())!;
    return queue.roundsDone * BATCHES + (round?.batch ?? 0);
  };
  await until('two rounds', async () => (await roundsDone()) >= 2);
  const folder = join(root, 'photos', TASK.classes[0]!);
  const photo = await readFile(join(folder, (await readdir(folder))[0]!));
  const door = { port, token: predictToken(running.dataFolder), photo };
  const rows: Row[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const training of [false, true]) {
      await (training ? running.resume() : running.pause());
      const wanted = training ? 'training' : 'paused';
      await until(wanted, async () => (await running.status())?.phase === wanted);
      const before = await batchesDone();
      // The first after a pause may have to take another model in.
      await load(door, 1, training);
      for (const programs of [1, 4]) rows.push(await load(door, programs, training));
      if (training) console.log(`${(await batchesDone()) - before} batches trained meanwhile`);
    }
  }
  await aggregator.close();
  console.table(rows);
  const isKept = rows.every(
    ({ training, programs, p99Ms }) => !training || programs > 1 || p99Ms < BUDGET_P99_MS,
  );
  console.log(`budget ${BUDGET_P99_MS} ms: ${isKept ? 'kept' : 'missed'}`);
  const bytes = photo.byteLength;
  console.log(JSON.stringify({ bench: 'predict', machine: machine(), backend: BACKEND, bytes, rows }));
} finally {
  await plant?.end('SIGKILL');
  await rm(root, { recursive: true, force: true });
}
