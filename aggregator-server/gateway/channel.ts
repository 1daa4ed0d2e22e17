import type { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { DATA_CHUNK_BYTES, MAX_BACKLOG_BYTES, SEND_WINDOW_BYTES } from '@genba/shared/protocol/limits';
import type { ServerMessage } from '@genba/shared/protocol/messages';
import { WebSocket } from 'ws';

/** Longest texts an error frame may carry, characters (see `shared/protocol/messages.ts`). */
const MAX_DETAIL = 2000;
const MAX_ABOUT = 100;

/** How often a socket that is full of answers is looked at again, milliseconds. */
const BACKLOG_POLL_MS = 20;

/** How data frames follow one another, bytes. */
interface Pace {
  /** Largest payload of one. */
  readonly frameBytes: number;
  /** What may wait in the socket when the next is sent. */
  readonly windowBytes: number;
}

const PLAIN_PACE: Pace = { frameBytes: DATA_CHUNK_BYTES, windowBytes: SEND_WINDOW_BYTES };

/**
 * With TLS one small frame at a time: what waits encrypted lies in memory that a connection never gives back, for each
 * plant that once fetched a model.
 */
const SECURE_PACE: Pace = { frameBytes: 64 * 1024, windowBytes: 0 };

/** The way out of one connection. */
export class Channel {
  readonly #socket: WebSocket;
  readonly #pace: Pace;
  readonly #onTaken: () => void;

  /**
   * @param how.isSecure whether the connection is encrypted by this process
   * @param how.onTaken called when the system has taken a data frame: the connection carries something
   */
  constructor(
    socket: WebSocket,
    { isSecure, onTaken }: { readonly isSecure: boolean; readonly onTaken: () => void },
  ) {
    this.#socket = socket;
    this.#pace = isSecure ? SECURE_PACE : PLAIN_PACE;
    this.#onTaken = onTaken;
  }

  /** Largest payload of a data frame that should be sent here, bytes. */
  get frameBytes(): number {
    return this.#pace.frameBytes;
  }

  send(message: ServerMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /**
   * Answers a wrong frame or a failed request, once. Details of our own failures stay in our log: they may name
   * files of this machine.
   */
  sendError(error: AppError, about: string | null): void {
    this.send({
      type: 'error',
      code: error.code,
      about: about?.slice(0, MAX_ABOUT) ?? null,
      retry: error.isRetryable,
      detail: isOurFault(error.code) ? null : (error.detail?.slice(0, MAX_DETAIL) ?? null),
    });
  }

  /** Resolves when the peer has read so many of its answers that it may ask for more, or is gone. */
  async caughtUp(): Promise<void> {
    while (this.#socket.readyState === WebSocket.OPEN && this.#socket.bufferedAmount > MAX_BACKLOG_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, BACKLOG_POLL_MS));
    }
  }

  /**
   * Sends a data frame; resolves when the socket has room for the next one or is gone.
   * @param onSent called when the frame's memory is no longer needed
   */
  async sendData(frame: Uint8Array, onSent: () => void): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const flushed = new Promise<void>((resolve) => {
      // An error means that the connection is gone, which its close event tells.
      this.#socket.send(frame, (error) => {
        if (!error) this.#onTaken();
        onSent();
        resolve();
      });
    });
    if (this.#socket.bufferedAmount > this.#pace.windowBytes) await flushed;
  }
}

/** Whether the server, not the peer, is at fault. */
export function isOurFault(code: ErrorCode): boolean {
  return code === 'internal/bug' || code === 'server/storage' || code.startsWith('store/');
}
