/**
 * The trainer process: forked by the agent with serialization "advanced", it speaks messages.ts. It runs apart
 * because training may exhaust memory or take a native library down, which must not take the agent with it.
 */
import os from 'node:os';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { measureBackend } from './backends.ts';
import { LINE_WAITS, type TrainerReply, type TrainerRequest, type TrainerUsage } from './messages.ts';
import { TrainerSession } from './session.ts';
import type { RoundProgress } from './training.ts';
import { onWebGpuTrouble } from './webgpu-backend.ts';

type Job = Exclude<TrainerRequest, { type: 'cancel' }>;

if (!process.send) {
  process.stderr.write('The trainer is started by the agent, not by hand.\n');
  process.exit(2);
}

try {
  // Whatever else runs on this PC comes before training. Before any thread is made: on Linux they inherit it one by one.
  if (process.argv[2] !== LINE_WAITS) os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // An administrator has forbidden it; training works all the same.
}

/** What libraries say when they get no more memory; V8 calls an address past the end of WebAssembly’s “out of bounds”. */
const OUT_OF_MEMORY =
  /out of memory|memory access out of bounds|allocation failed|\bOOM\b|could not allocate/i;

let session: TrainerSession | null = null;
/** Jobs run one after the other, in the order they came. */
let lastJob: Promise<void> = Promise.resolve();
/** Rounds and judgements running or waiting; a `cancel` means all of them. */
const openJobs = new Set<number>();

process.on('message', (request: TrainerRequest) => {
  if (request.type === 'cancel') {
    openJobs.clear();
    return;
  }
  if (request.type !== 'load' && request.type !== 'measure') openJobs.add(request.id);
  lastJob = lastJob.then(() => answer(request));
});

// Without the agent nobody wants the result: do not live on as an orphan.
process.on('disconnect', () => process.exit(0));

// Ctrl-C in a terminal reaches the whole process group; the agent decides when training ends.
process.on('SIGINT', () => {});

async function answer(job: Job): Promise<void> {
  try {
    send(await run(job));
  } catch (thrown) {
    const { code, detail, message } = toAppError(thrown);
    const reason = code === 'internal/bug' ? String(thrown) : (detail ?? message);
    // Some ways to train throw where others take the process down.
    const isFull = code === 'internal/bug' && OUT_OF_MEMORY.test(reason);
    send({ type: 'failed', id: job.id, code: isFull ? 'trainer/crashed' : code, detail: reason });
  } finally {
    openJobs.delete(job.id);
  }
}

async function run(job: Job): Promise<TrainerReply> {
  const { id } = job;
  if (job.type === 'load') {
    session?.dispose();
    session = null;
    session = await TrainerSession.load(job);
    if (session.backend.name === 'webgpu') onWebGpuTrouble(dieOf);
    return { type: 'loaded', id, backend: session.backend };
  }
  if (job.type === 'measure') {
    return { type: 'measured', id, speed: await measureBackend(job.task, job.backend) };
  }
  if (session === null) throw new AppError('internal/bug', { detail: `${job.type} before load` });
  const isCancelled = () => !openJobs.has(id);
  if (isCancelled()) throw new AppError('trainer/cancelled');
  if (job.type === 'install') {
    session.install(job.weights);
    return { type: 'installed', id };
  }
  if (job.type === 'predict-validation') {
    return { type: 'validation-predicted', id, predictions: await session.predictValidation() };
  }
  if (job.type === 'predict') return { type: 'predicted', id, values: await session.predict(job.inputs) };
  if (job.type === 'evaluate') {
    const control = { sharePercent: job.sharePercent, isCancelled };
    return { type: 'evaluated', id, result: await session.evaluate(job.weights, job.set, control) };
  }
  const onProgress = (progress: RoundProgress) => send({ type: 'progress', id, ...progress });
  return {
    type: 'trained',
    id,
    result: await session.train(job.weights, job.round, { onProgress, isCancelled }),
  };
}

/** What a graphics card gives after that is not to be trusted: the agent starts anew. */
function dieOf(reason: string): never {
  process.stderr.write(`WebGPU: ${reason}\n`);
  process.exit(1);
}

function send(reply: TrainerReply): void {
  // An error here means that the agent is gone; `disconnect` ends this process.
  const { user, system } = process.cpuUsage();
  const usage: TrainerUsage = { cpuMs: (user + system) / 1000 };
  process.send?.({ ...reply, ...usage }, undefined, undefined, () => {});
}
