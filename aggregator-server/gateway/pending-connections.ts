import type { Socket } from 'node:net';
import { type AdmissionLimits, networkOf } from './admission-limits.ts';

/** The ends of a connection, which name it as long as it is open. */
export interface ConnectionEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Connections without a welcome: limited before TLS costs anything for one more. */
export class PendingConnections {
  readonly #limits: Pick<AdmissionLimits, 'pendingConnections' | 'pendingPerAddress'>;
  /** By their ends. */
  readonly #pending = new Map<string, { readonly network: string; readonly socket: Socket }>();
  readonly #counts = new Map<string, number>();

  constructor(limits: Pick<AdmissionLimits, 'pendingConnections' | 'pendingPerAddress'>) {
    this.#limits = limits;
  }

  /** Counts a new connection until it is settled or closed; cuts it when there are too many. */
  add(socket: Socket): void {
    const name = nameOf(socket);
    const network = networkOf(socket.remoteAddress ?? '');
    const count = this.#counts.get(network) ?? 0;
    if (this.#pending.size >= this.#limits.pendingConnections || count >= this.#limits.pendingPerAddress) {
      socket.destroy();
      return;
    }
    this.#pending.set(name, { network, socket });
    this.#counts.set(network, count + 1);
    socket.once('close', () => this.#remove(name));
  }

  /** The connection has its welcome: it is pending no more. */
  settle(connection: ConnectionEnds): void {
    this.#remove(nameOf(connection));
  }

  /** Ends them all. */
  cut(): void {
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  #remove(name: string): void {
    const network = this.#pending.get(name)?.network;
    if (network === undefined) return;
    this.#pending.delete(name);
    const count = this.#counts.get(network)! - 1;
    if (count === 0) this.#counts.delete(network);
    else this.#counts.set(network, count);
  }
}

function nameOf({ remoteAddress, remotePort }: ConnectionEnds): string {
  return `${remoteAddress} ${remotePort}`;
}
