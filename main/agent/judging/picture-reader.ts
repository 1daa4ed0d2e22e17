import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { ImageInput } from '../dataset/decode-picture.ts';

/** Whether somebody waits for pictures, or the other programs of the PC come before them. */
export type Pace = 'prompt' | 'patient';

/** One picture to be opened; ids are of this process's choice. */
export interface PictureRequest {
  readonly id: number;
  /** Path of a file, or its content. */
  readonly source: string | Uint8Array;
  readonly input: ImageInput;
}

/** Its pixels, or why there are none. */
export type PictureReply =
  | { readonly id: number; readonly pixels: Uint8Array }
  | { readonly id: number; readonly reason: string };

interface OpenPicture {
  readonly resolve: (pixels: Uint8Array) => void;
  readonly reject: (reason: Error) => void;
}

/** A process died over one of the pictures that it had; which one, nobody knows. */
class ReaderDied extends Error {}

// Of the same kind as this file: TypeScript in the project, JavaScript in a package.
const CHILD_PATH = path.join(import.meta.dirname, `picture-child${path.extname(import.meta.filename)}`);

/** Opens pictures in a process of its own, which may die over one of them. */
export class PictureReader {
  readonly #pace: Pace;
  #child: ChildProcess | null = null;
  readonly #open = new Map<number, OpenPicture>();
  #lastId = 0;
  /** Pictures that were there when the process died, one after the other. */
  #suspects: Promise<unknown> = Promise.resolve();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /**
   * A picture as the model takes it, `[height, width, channels]`.
   * @throws AppError `judging/unreadable`, its detail the reason in one English sentence
   */
  async read(source: string | Uint8Array, input: ImageInput): Promise<Uint8Array> {
    try {
      return await this.#ask(source, input);
    } catch (thrown) {
      if (!(thrown instanceof ReaderDied)) throw thrown;
    }
    // Each alone: the one that is to blame must not take others along.
    const again = this.#suspects.then(() => this.#ask(source, input));
    this.#suspects = again.catch(() => undefined);
    return await again.catch((thrown: unknown) => {
      if (!(thrown instanceof ReaderDied)) throw thrown;
      throw new AppError('judging/unreadable', { detail: thrown.message });
    });
  }

  /** Process id, for tests; undefined while none runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Ends the process and gives its memory back; the next picture starts another. */
  close(): void {
    const child = this.#child;
    this.#child = null;
    child?.kill('SIGKILL');
    this.#rejectAll('the reading process was ended');
  }

  #ask(source: string | Uint8Array, input: ImageInput): Promise<Uint8Array> {
    this.#child ??= this.#start();
    const child = this.#child;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      // A failed send means that the child is going: `exit` follows.
      child.send({ id, source, input } satisfies PictureRequest, () => {});
    });
  }

  #start(): ChildProcess {
    const child = fork(CHILD_PATH, [this.#pace], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('message', (reply: PictureReply) => {
      const open = this.#open.get(reply.id);
      this.#open.delete(reply.id);
      if ('pixels' in reply) open?.resolve(reply.pixels);
      else open?.reject(new AppError('judging/unreadable', { detail: reply.reason }));
    });
    const end = (how: string) => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#rejectAll(`the reading process ended: ${how}`);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(String(signal ?? code)));
    return child;
  }

  #rejectAll(reason: string): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { reject } of open) reject(new ReaderDied(reason));
  }
}
