import { CalledThread, type CalledThreadOptions } from './called-thread.ts';

/**
 * A thread that keeps nothing that counts: it starts with the first call, and one that died is replaced with the next.
 * The calls it had are rejected; whether to make them again is for the caller to say.
 */
export class RenewedThread {
  readonly #options: CalledThreadOptions;
  #thread: CalledThread | null = null;
  #isEnded = false;

  constructor(options: CalledThreadOptions) {
    this.#options = options;
  }

  /** @returns as {@link CalledThread.call} */
  call(service: string, method: string, parameters: readonly unknown[]): Promise<unknown> {
    const { name, lost } = this.#options;
    if (this.#isEnded) return Promise.reject(lost(`${name} was ended`, undefined));
    this.#thread ??= this.#launch();
    return this.#thread.call(service, method, parameters);
  }

  /** Stops the thread, whatever it does; every later call is rejected. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#thread?.end();
  }

  /** Kills the thread in the middle of its work; for tests. */
  async crash(): Promise<void> {
    await this.#thread?.crash();
  }

  #launch(): CalledThread {
    const thread = new CalledThread(this.#options);
    void thread.died.then(() => {
      if (this.#thread === thread) this.#thread = null;
    });
    return thread;
  }
}
