import type { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { BaseRecord } from '../store/catalogue.ts';

/** What the registry asks of a session. */
export interface RegisteredSession {
  /** Resolves when the session has let go of its transfers. */
  end(farewell: { error: ErrorCode; closeCode: number }): Promise<void>;
  /**
   * Offers the client weights that it has not installed yet, or tells it that its update is in quarantine.
   * @param base the weights, where they are the news and at hand; else the catalogue is asked
   */
  tellNews(base?: BaseRecord): void;
  /** Tells the client that something is wrong with an update it was given a receipt for. */
  recall(updateId: string, error: AppError): void;
}

/** Who is connected to this gateway: at most one session per client and task. */
export class SessionRegistry {
  readonly #sessions = new Map<string, RegisteredSession>();
  readonly #refusals = new Map<string, number>();
  readonly #closeCode: number;

  /** @param options.closeCode WebSocket close code for a session that a newer one replaces */
  constructor({ closeCode }: { closeCode: number }) {
    this.#closeCode = closeCode;
  }

  /**
   * Makes a session the client's only one. An older one is told `server/replaced` and closed; resolves when it has
   * let go of its transfers, which the new one may then continue.
   */
  async claim(taskId: string, clientId: string, session: RegisteredSession): Promise<void> {
    const key = keyOf(taskId, clientId);
    const older = this.#sessions.get(key);
    this.#sessions.set(key, session);
    await older?.end({ error: 'server/replaced', closeCode: this.#closeCode });
  }

  /** Forgets a session, unless a newer one has taken its place. */
  release(taskId: string, clientId: string, session: RegisteredSession): void {
    const key = keyOf(taskId, clientId);
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
  }

  find(taskId: string, clientId: string): RegisteredSession | undefined {
    return this.#sessions.get(keyOf(taskId, clientId));
  }

  countRefusal(taskId: string): void {
    this.#refusals.set(taskId, this.refusalCount(taskId) + 1);
  }

  /** Updates refused since the start. */
  refusalCount(taskId: string): number {
    return this.#refusals.get(taskId) ?? 0;
  }
}

function keyOf(taskId: string, clientId: string): string {
  return `${taskId}/${clientId}`;
}
