import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { EngineStep } from '../aggregator-server/engine/steps.ts';
import { FLAT_MEMORY } from '../aggregator-server/flat-memory.ts';
import type { ModelSize } from './bench-task.ts';

/** What a server is started with. */
export interface ServerStart {
  readonly dataFolder: string;
  readonly model: ModelSize;
  readonly federation?: object;
  /** Whether it lets only enrolled devices in, over TLS. */
  readonly isEnrolled?: boolean;
  /** Whether it notes when each update reaches each step. */
  readonly notesSteps?: boolean;
}

export interface ServerRequest {
  readonly id: number;
  readonly kind: 'memory' | 'cpu' | 'pauses' | 'steps' | 'idle' | 'stop';
}

export interface ServerAnswer {
  readonly id: number;
  readonly result: unknown;
}

/** Bytes, after a forced collection in the sessions' thread. */
export interface MemoryFigures
  extends Pick<NodeJS.MemoryUsage, 'rss' | 'heapUsed' | 'external' | 'arrayBuffers'> {
  /** Of all other threads; nobody can force a collection in them. */
  readonly threads: readonly ThreadMemory[];
  /** Where the resident memory lies; null where the system does not say (it does on Linux). */
  readonly resident: ResidentParts | null;
}

/** The memory of one thread, bytes. */
export interface ThreadMemory {
  readonly name: string;
  /** What the system has given to its heap, used or not. */
  readonly heapTotal: number;
  readonly heapUsed: number;
  /** What it holds outside of its heap, such as the pool of vectors. */
  readonly external: number;
}

/** Resident memory by what it belongs to, bytes. */
export interface ResidentParts {
  /** Program and libraries, and other files. */
  readonly files: number;
  /** What `malloc` has given out or keeps for later: the main arena and those of threads. */
  readonly arenas: number;
  /** The rest: heaps of V8, WebAssembly memories, stacks, and single large blocks of `malloc`. */
  readonly mapped: number;
}

/** The aggregator as a child process that can be asked how it is. */
export class ServerProcess {
  readonly address: string;
  readonly #child: ChildProcess;
  #lastId = 0;

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  static async start(start: ServerStart): Promise<ServerProcess> {
    const entry = join(import.meta.dirname, 'server-child.ts');
    // As `genba-aggregator` gives it to itself, unless the environment says otherwise.
    const env = { ...FLAT_MEMORY.environment, ...process.env };
    const execArgv = ['--expose-gc', ...FLAT_MEMORY.nodeOptions];
    const child = fork(entry, [JSON.stringify(start)], { execArgv, env });
    const [{ result }] = (await once(child, 'message')) as [ServerAnswer];
    return new ServerProcess(child, String(result));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What its memory is after a forced collection. */
  memory(): Promise<MemoryFigures> {
    return this.#ask('memory') as Promise<MemoryFigures>;
  }

  /** The longest pause of its event loop since the last call, milliseconds. */
  longestPauseMs(): Promise<number> {
    return this.#ask('pauses') as Promise<number>;
  }

  /** Processor time of all its threads since its start, milliseconds. */
  cpuMs(): Promise<number> {
    return this.#ask('cpu') as Promise<number>;
  }

  /** The steps noted since the last call; times are `process.hrtime`, milliseconds. */
  steps(): Promise<{ step: EngineStep; atMs: number }[]> {
    return this.#ask('steps') as Promise<{ step: EngineStep; atMs: number }[]>;
  }

  /** Resolves when all it received is merged. */
  async whenIdle(): Promise<void> {
    await this.#ask('idle');
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    await this.#ask('stop');
    await exited;
  }

  /** @throws Error when the process dies instead of answering */
  #ask(kind: ServerRequest['kind']): Promise<unknown> {
    const request: ServerRequest = { id: ++this.#lastId, kind };
    return new Promise((resolve, reject) => {
      const onMessage = (answer: ServerAnswer) => {
        if (answer.id === request.id) settle(() => resolve(answer.result));
      };
      const onExit = () => settle(() => reject(new Error('the server died')));
      const settle = (end: () => void) => {
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
        end();
      };
      this.#child.on('message', onMessage);
      this.#child.on('exit', onExit);
      this.#child.send(request);
    });
  }
}
