/** Preloaded into the program under test: kills the catalogue's thread as soon as the server listens. */
import type { Worker } from 'node:worker_threads';

const threads: Worker[] = [];
process.on('worker', (worker) => threads.push(worker));

const write = process.stdout.write.bind(process.stdout) as (text: string) => boolean;
process.stdout.write = ((text: string) => {
  if (text.includes('listens on')) setImmediate(loseCatalogue);
  return write(text);
}) as typeof process.stdout.write;

function loseCatalogue(): void {
  const thread = threads.find(({ threadName }) => threadName === 'genba catalogue');
  if (thread === undefined) throw new Error('there is no thread to lose');
  void thread.terminate();
}
