/**
 * The trainer process: forked by the agent with serialization "advanced", it speaks messages.ts. It runs apart
 * because training may exhaust memory or take a native library down, which must not take the agent with it.
 */
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { TrainerReply, TrainerRequest } from './messages.ts';
import { TrainerSession } from './session.ts';
import type { RoundProgress } from './training.ts';

type Job = Exclude<TrainerRequest, { type: 'cancel' }>;

if (!process.send) {
  process.stderr.write('The trainer is started by the agent, not by hand.\n');
  process.exit(2);
}

let session: TrainerSession | null = null;
/** Jobs run one after the other, in the order they came. */
let lastJob: Promise<void> = Promise.resolve();
/** Rounds running or waiting; a `cancel` means all of them. */
const openRounds = new Set<number>();

process.on('message', (request: TrainerRequest) => {
  if (request.type === 'cancel') {
    openRounds.clear();
    return;
  }
  if (request.type === 'train') openRounds.add(request.id);
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
    send({ type: 'failed', id: job.id, code, detail: detail ?? message });
  } finally {
    openRounds.delete(job.id);
  }
}

async function run(job: Job): Promise<TrainerReply> {
  const { id } = job;
  if (job.type === 'load') {
    session?.dispose();
    session = null;
    session = await TrainerSession.load(job);
    return { type: 'loaded', id, backend: session.backend };
  }
  if (session === null) throw new AppError('internal/bug', { detail: `${job.type} before load` });
  if (job.type === 'evaluate') {
    return { type: 'evaluated', id, result: await session.evaluate(job.weights, job.set) };
  }
  const isCancelled = () => !openRounds.has(id);
  if (isCancelled()) throw new AppError('trainer/cancelled');
  const onProgress = (progress: RoundProgress) => send({ type: 'progress', id, ...progress });
  return {
    type: 'trained',
    id,
    result: await session.train(job.weights, job.round, { onProgress, isCancelled }),
  };
}

function send(reply: TrainerReply): void {
  // An error here means that the agent is gone; `disconnect` ends this process.
  process.send?.(reply, undefined, undefined, () => {});
}
