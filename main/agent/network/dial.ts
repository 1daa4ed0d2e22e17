import { connect, type Socket } from 'node:net';
import { AppError } from '@genba/shared/errors/app-error';
import type { Endpoint, Route, RoutePlanner } from './route.ts';
import { openTunnel } from './tunnel.ts';

/** How long one way to an endpoint may take to open, milliseconds. */
export const DIAL_DEADLINE_MS = 15_000;

/**
 * Opens a connection to an endpoint, whatever the way there.
 * @throws AppError `proxy/…`; Error of the network where nothing but the network is in the way
 */
export type Dial = (endpoint: Endpoint) => Promise<Socket>;

/** Connects without looking for a proxy. */
export const dialDirect: Dial = (endpoint) => connectTcp(endpoint, DIAL_DEADLINE_MS);

export interface DiallerOptions {
  readonly planner: RoutePlanner;
  /** See `TunnelOptions`. */
  readonly extraAuthorities: () => string | null;
  readonly deadlineMs?: number;
}

/** Opens connections by the routes of a planner. */
export class Dialler {
  readonly #options: DiallerOptions;
  #lastRoute: Route | null = null;

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  /** The way that the last connection took, or failed on; null before the first. */
  get lastRoute(): Route | null {
    return this.#lastRoute;
  }

  /** See {@link Dial}. */
  readonly dial: Dial = async (endpoint) => {
    const routes = await this.#options.planner.routesTo(endpoint);
    let problem: unknown;
    for (const route of routes) {
      this.#lastRoute = route;
      try {
        return await this.openRoute(route, endpoint);
      } catch (thrown) {
        problem = thrown;
        if (!isAnotherWorthTrying(thrown)) break;
      }
    }
    throw problem;
  };

  /** Goes one particular way. @throws as {@link Dial} */
  openRoute({ proxy, login }: Route, endpoint: Endpoint): Promise<Socket> {
    const { deadlineMs = DIAL_DEADLINE_MS } = this.#options;
    if (proxy === null) return connectTcp(endpoint, deadlineMs);
    const extraAuthorities = this.#options.extraAuthorities();
    return openTunnel({ proxy, to: endpoint, login, extraAuthorities, deadlineMs });
  }
}

/** A proxy that is not there or does not answer says nothing about the next one; a refusal is meant. */
function isAnotherWorthTrying(thrown: unknown): boolean {
  if (!(thrown instanceof AppError)) return true;
  return thrown.code === 'proxy/unreachable' || thrown.code === 'proxy/no-answer';
}

function connectTcp({ host, port }: Endpoint, deadlineMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const deadline = setTimeout(() => socket.destroy(new Error('no connection in time')), deadlineMs);
    socket.once('connect', () => {
      clearTimeout(deadline);
      // The error that it may still have is followed by the end, which is what counts.
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
  });
}
