import type { Task } from '@genba/shared/model/task';
import type { TaskState } from '../store/catalogue.ts';
import { CalledThread } from '../threads/called-thread.ts';
import {
  type MergeRunner,
  type NextState,
  type NextStateOfClient,
  RunnerLost,
  type Stepped,
  type StoredClient,
  type StoredReport,
} from './merge-runner.ts';
import type { WorkerStart } from './merge-worker.ts';

const ENTRY = new URL('./merge-worker.ts', import.meta.url);

/**
 * Runs a strategy in a thread of its own, so that no merge holds up the event loop of the sessions. A thread that
 * dies fails every call it had with RunnerLost, and the next call starts a new one.
 */
export class WorkerRunner implements MergeRunner {
  readonly #start: WorkerStart;
  #thread: CalledThread | null = null;
  #isEnded = false;

  constructor(task: Task, folder: string) {
    this.#start = { task, folder };
  }

  open(start: {
    globalDigest: string;
    globalVersion: number;
    clientCount: number;
  }): Promise<NextStateOfClient> {
    return this.#call('open', [start]);
  }

  join(state: TaskState, client: StoredClient | null): Promise<NextStateOfClient> {
    return this.#call('join', [state, client]);
  }

  step(state: TaskState, client: StoredClient, report: StoredReport): Promise<Stepped> {
    return this.#call('step', [state, client, report]);
  }

  close(state: TaskState, nowMs: number): Promise<NextState | null> {
    return this.#call('close', [state, nowMs]);
  }

  dueAtMs(state: TaskState): Promise<number | null> {
    return this.#call('dueAtMs', [state]);
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#thread?.end();
  }

  /** Kills the thread in the middle of its work; for tests. */
  async crash(): Promise<void> {
    await this.#thread?.crash();
  }

  #call<Result>(method: keyof MergeRunner, parameters: readonly unknown[]): Promise<Result> {
    if (this.#isEnded) return Promise.reject(new RunnerLost('the merge worker was ended'));
    this.#thread ??= this.#launch();
    return this.#thread.call('runner', method, parameters) as Promise<Result>;
  }

  #launch(): CalledThread {
    const thread = new CalledThread({
      entry: ENTRY,
      name: 'genba merge',
      workerData: this.#start,
      lost: (reason, cause) => new RunnerLost(reason, { cause }),
    });
    void thread.died.then(() => {
      if (this.#thread === thread) this.#thread = null;
    });
    return thread;
  }
}
