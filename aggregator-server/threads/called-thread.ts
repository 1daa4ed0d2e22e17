import { Worker } from 'node:worker_threads';
import { errorOf, type ThreadAnswer, type ThreadCall, type ThreadEvent } from './thread-messages.ts';

/**
 * Room for what a thread has just made, megabytes. Left to itself V8 lets it grow to 48 in every busy thread and never
 * gives that back; what passes here is messages, while models lie outside of all heaps.
 */
const YOUNG_GENERATION_MB = 6;

export interface CalledThreadOptions {
  /** The module that runs in the thread; it calls `answerCalls`. */
  readonly entry: URL;
  /** For people: in errors, and in lists of threads. */
  readonly name: string;
  readonly workerData?: unknown;
  /** Makes the error of calls that the thread's death leaves without an answer. */
  readonly lost: (reason: string, cause: unknown) => Error;
  readonly onEvent?: (event: string) => void;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that answers calls in the order they are made. When it dies, every call without an answer is rejected, and
 * so is every later one. Calls have no deadline: a slow disk is no dead thread, and death is always reported.
 */
export class CalledThread {
  /** Resolves with the error of lost calls when the thread has died by itself; never after {@link end}. */
  readonly died: Promise<Error>;
  readonly #options: CalledThreadOptions;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  /** Set from when on no call is answered any more. */
  #lost: Error | null = null;
  #isEnding = false;

  constructor(options: CalledThreadOptions) {
    const { entry, workerData, name } = options;
    this.#options = options;
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB };
    this.#worker = new Worker(entry, { workerData, execArgv: [], name, resourceLimits });
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.died = promise;
    let cause: unknown;
    this.#worker.on('message', (message: ThreadAnswer | ThreadEvent) => this.#onMessage(message));
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.#worker.on('exit', (exitCode) => {
      const reason = cause instanceof Error ? cause.message : `exit code ${exitCode}`;
      const lost = options.lost(`${name} died: ${reason}`, cause);
      this.#lost = lost;
      // First, so that who waits for the death knows of it before a rejected caller tries again.
      if (!this.#isEnding) resolve(lost);
      for (const { reject } of this.#pending.values()) reject(lost);
      this.#pending.clear();
    });
    this.#worker.unref();
  }

  /** @returns what the method returns; rejects with what it throws, AppErrors with their code */
  call(service: string, method: string, parameters: readonly unknown[]): Promise<unknown> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    const call: ThreadCall = { id: ++this.#lastId, service, method, parameters };
    return new Promise<unknown>((resolve, reject) => {
      this.#worker.postMessage(call);
      this.#pending.set(call.id, { resolve, reject });
      // An idle thread must not keep a program alive, one that works must.
      this.#worker.ref();
    });
  }

  /** Stops the thread, whatever it does; resolves when it is gone. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }

  /** Kills the thread in the middle of its work, as if it had died by itself; for tests. */
  async crash(): Promise<void> {
    await this.#worker.terminate();
  }

  #onMessage(message: ThreadAnswer | ThreadEvent): void {
    if ('event' in message) {
      this.#options.onEvent?.(message.event);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ('failure' in message) pending?.reject(errorOf(message.failure, this.#options.name));
    else pending?.resolve(message.result);
  }
}
