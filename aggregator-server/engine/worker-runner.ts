import type { TaskState } from '../store/catalogue.ts';
import type { SharedBytes } from '../store/uncached-file.ts';
import { RenewedThread } from '../threads/renewed-thread.ts';
import {
  type MergeRunner,
  type NextState,
  type NextStateOfClient,
  RunnerLost,
  type RunnerStart,
  type ScreeningBasis,
  type Stepped,
  type StoredClient,
  type StoredReport,
  type Withheld,
} from './merge-runner.ts';

const ENTRY = new URL('./merge-worker.ts', import.meta.url);

/** Runs a strategy in a thread of its own, so that no merge holds up the event loop of the sessions. */
export class WorkerRunner implements MergeRunner {
  readonly #thread: RenewedThread;

  constructor(start: RunnerStart) {
    this.#thread = new RenewedThread({
      entry: ENTRY,
      name: 'genba merge',
      workerData: start,
      lost: (reason, cause) => new RunnerLost(reason, { cause }),
    });
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

  step(
    state: TaskState,
    client: StoredClient,
    report: StoredReport,
    basis: ScreeningBasis | null,
  ): Promise<Stepped | Withheld> {
    return this.#call('step', [state, client, report, basis]);
  }

  foresee(state: TaskState, client: StoredClient, report: StoredReport): Promise<void> {
    return this.#call('foresee', [state, client, report]);
  }

  rooms(): Promise<readonly SharedBytes[]> {
    return this.#call('rooms', []);
  }

  giveBack(memory: SharedBytes): Promise<void> {
    return this.#call('giveBack', [memory]);
  }

  prepare(): Promise<void> {
    return this.#call('prepare', []);
  }

  close(state: TaskState, nowMs: number): Promise<NextState | null> {
    return this.#call('close', [state, nowMs]);
  }

  dueAtMs(state: TaskState): Promise<number | null> {
    return this.#call('dueAtMs', [state]);
  }

  end(): Promise<void> {
    return this.#thread.end();
  }

  /** See {@link RenewedThread.crash}. */
  crash(): Promise<void> {
    return this.#thread.crash();
  }

  #call<Result>(method: keyof MergeRunner, parameters: readonly unknown[]): Promise<Result> {
    return this.#thread.call('runner', method, parameters) as Promise<Result>;
  }
}
