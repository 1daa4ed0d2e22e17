/** The aggregator in a process of its own, as `genba-aggregator` runs it; started by `ServerProcess`. */
import { devNull } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import { destination, pino } from 'pino';
import type { EngineStep } from '../aggregator-server/engine/steps.ts';
import { startAggregator } from '../aggregator-server/server.ts';
import { benchTask } from './bench-task.ts';
import { cpuMs } from './figures.ts';
import { residentParts } from './resident-parts.ts';
import type {
  MemoryFigures,
  ServerAnswer,
  ServerRequest,
  ServerStart,
  ThreadMemory,
} from './server-process.ts';

const workers = new Set<Worker>();
// Before any of them is started.
process.on('worker', (worker) => {
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
});

const start = JSON.parse(process.argv[2]!) as ServerStart;
/** When each step was reached, milliseconds of the clock that all processes of a machine share. */
const stepTimes: { step: EngineStep; atMs: number }[] = [];
const pauses = monitorEventLoopDelay({ resolution: 1 });
pauses.enable();

const aggregator = await startAggregator({
  dataFolder: start.dataFolder,
  tasks: [benchTask(start.model, start.federation)],
  port: 0,
  host: '127.0.0.1',
  security: { kind: start.isEnrolled ? 'enrolled' : 'open-loopback' },
  // Written as in production, and then forgotten.
  log: pino({ level: 'info' }, destination(devNull)),
  onStep: (step) => {
    if (start.notesSteps) stepTimes.push({ step, atMs: Number(process.hrtime.bigint()) / 1e6 });
  },
});

async function answerTo(request: ServerRequest): Promise<unknown> {
  switch (request.kind) {
    case 'memory':
      return memory();
    case 'pauses': {
      const longestMs = pauses.max / 1e6;
      pauses.reset();
      return longestMs;
    }
    case 'cpu':
      return cpuMs();
    case 'steps':
      return stepTimes.splice(0);
    case 'idle':
      return aggregator.whenIdle();
    case 'stop':
      return aggregator.close();
  }
}

/** After two forced collections: the first may only mark what the second frees. */
async function memory(): Promise<MemoryFigures> {
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const threads = await Promise.all([...workers].map(threadMemory));
  return { ...process.memoryUsage(), threads, resident: await residentParts() };
}

async function threadMemory(worker: Worker): Promise<ThreadMemory> {
  const heap = await worker.getHeapStatistics();
  return {
    name: worker.threadName ?? 'ended',
    heapTotal: heap.total_heap_size,
    heapUsed: heap.used_heap_size,
    external: heap.external_memory,
  };
}

function send(answer: ServerAnswer): void {
  process.send?.(answer);
}

process.on('message', async (request: ServerRequest) => {
  send({ id: request.id, result: await answerTo(request) });
  if (request.kind === 'stop') process.disconnect();
});
// Whoever asked is gone, properly or not.
process.once('disconnect', () => process.exit());
send({ id: 0, result: aggregator.address });
