import { AppError } from '@genba/shared/errors/app-error';
import type { TrainerReply } from '../../trainer/messages.ts';

type Progress = Extract<TrainerReply, { type: 'progress' }>;

interface OpenOptions {
  /** Longest time without a sign of life, milliseconds. */
  readonly silenceMs: number;
  readonly onSilence: () => void;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

interface PendingReply extends OpenOptions {
  readonly resolve: (reply: TrainerReply) => void;
  readonly reject: (error: AppError) => void;
}

/**
 * Calls to the trainer that wait for their reply, by request id. The trainer works on one at a time, in order, so
 * silence is measured over all of them: any reply is a sign of life, and the oldest call sets the limit.
 */
export class PendingReplies {
  readonly #calls = new Map<number, PendingReply>();
  #lastId = 0;
  #watchdog: NodeJS.Timeout | undefined;

  /** Registers a call; `reply` settles when its answer comes or by `rejectAll`. */
  open(options: OpenOptions): { id: number; reply: Promise<TrainerReply> } {
    const id = ++this.#lastId;
    const reply = new Promise<TrainerReply>((resolve, reject) => {
      this.#calls.set(id, { ...options, resolve, reject });
    });
    if (this.#calls.size === 1) this.#watch();
    return { id, reply };
  }

  /** Takes whatever the trainer says; a reply to a call that is no longer open is ignored. */
  settle(reply: TrainerReply): void {
    const call = this.#calls.get(reply.id);
    if (!call) return;
    if (reply.type === 'progress') {
      this.#watch();
      call.onProgress?.(reply);
      return;
    }
    this.#calls.delete(reply.id);
    this.#watch();
    if (reply.type === 'failed') call.reject(new AppError(reply.code, { detail: reply.detail }));
    else call.resolve(reply);
  }

  /** Calls that wait. */
  get size(): number {
    return this.#calls.size;
  }

  rejectAll(error: AppError): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#watch();
    for (const call of calls) call.reject(error);
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    const [oldest] = this.#calls.values();
    if (oldest) this.#watchdog = setTimeout(oldest.onSilence, oldest.silenceMs);
  }
}
