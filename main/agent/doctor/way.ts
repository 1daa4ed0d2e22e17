import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { AppError } from '@genba/shared/errors/app-error';
import type { WebSocket } from 'ws';
import type { DeviceKey } from '../identity/device-key.ts';
import { proxyAddress } from '../network/proxy-setting.ts';
import type { Endpoint, Route, Routes } from '../network/route.ts';
import { openTunnel } from '../network/tunnel.ts';
import { inTime } from './in-time.ts';

/** How an aggregator is recognised. */
export type Trust =
  /** By the one certificate that was enrolled, PEM. */
  | { readonly kind: 'anchor'; readonly pem: string }
  /** By an invitation: sha256 of a certificate of the chain. */
  | { readonly kind: 'fingerprint'; readonly sha256: string }
  /** Not at all: nobody has said yet. */
  | { readonly kind: 'unknown' };

/** Who this PC is to the aggregator. */
export interface DeviceFacts {
  readonly clientId: string;
  readonly plantName: string;
  readonly taskId: string;
  readonly keyId: string;
  /** The key, or why there is none. */
  readonly key: DeviceKey | AppError;
}

/** One way to an aggregator that is to be examined. */
export interface WaySubject {
  /** `wss://HOST:PORT`, or `ws://HOST:PORT` on this computer. */
  readonly address: string;
  readonly trust: Trust;
  /** null before this PC has enrolled. */
  readonly device: DeviceFacts | null;
  /** The same with the key that is to follow, once the aggregator has it; null where none is on its way. */
  readonly nextDevice: DeviceFacts | null;
  /** When the invitation that is examined ends, ISO 8601; null without one. */
  readonly invitationUntil: string | null;
}

/** What the doctor uses of the network; tests give their own. */
export interface WayNetwork {
  readonly routesTo: (endpoint: Endpoint) => Promise<Routes>;
  /** Certificates that a proxy may be signed by, beside those that this computer trusts; null: none. */
  readonly proxyAuthorities: () => string | null;
  readonly lookup: (host: string) => Promise<readonly { readonly address: string }[]>;
  /** How long each step may take, milliseconds. */
  readonly deadlineMs: number;
  /** This PC's clock. */
  readonly now: () => Date;
}

/** Looks a name up as every program on this computer does. */
export const systemLookup: WayNetwork['lookup'] = (host) => lookup(host, { all: true });

/** How long each step may take where nobody says otherwise, milliseconds. */
export const STEP_DEADLINE_MS = 10_000;

/** The question that an aggregator asks, and when it came. */
export interface Asked {
  readonly nonce: Uint8Array;
  /** ISO 8601. */
  readonly serverTime: string;
  /** By this PC's clock, milliseconds since 1970. */
  readonly receivedAt: number;
}

/** One way to an aggregator while it is examined: each layer leaves here what the next one builds on. */
export class Way {
  readonly subject: WaySubject;
  readonly network: WayNetwork;
  readonly endpoint: Endpoint;
  route: Route | null = null;
  addresses: readonly string[] = [];
  socket: Socket | null = null;
  /** The certificate that is trusted, PEM; null where none is known. */
  anchor: string | null;
  secure: TLSSocket | null = null;
  web: WebSocket | null = null;
  channel: Buffer | null = null;
  asked: Asked | null = null;
  readonly #opened = new Set<Pick<Socket, 'destroy'>>();

  constructor(subject: WaySubject, network: WayNetwork) {
    this.subject = subject;
    this.network = network;
    this.anchor = subject.trust.kind === 'anchor' ? subject.trust.pem : null;
    const { hostname, port } = new URL(subject.address.replace(/^ws/, 'http'));
    const standardPort = this.isEncrypted ? 443 : 80;
    this.endpoint = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || standardPort) };
  }

  get isEncrypted(): boolean {
    return this.subject.address.startsWith('wss:');
  }

  /** Where the first connection leads: the proxy, or the aggregator itself. */
  get hop(): Endpoint {
    return this.route?.proxy ?? this.endpoint;
  }

  /** What the blanks of most sentences stand for. */
  get values(): Record<string, string> {
    const { host, port } = this.endpoint;
    const proxy = this.route?.proxy ?? null;
    return {
      host,
      port: `${port}`,
      address: this.subject.address,
      ...(proxy === null ? {} : { proxy: proxyAddress(proxy) }),
    };
  }

  /** Opens a connection to the aggregator by the route that was found. @throws AppError `proxy/…`, Error */
  async open(): Promise<Socket> {
    const { deadlineMs } = this.network;
    const { proxy, login } = this.route!;
    if (proxy !== null) {
      const extraAuthorities = this.network.proxyAuthorities();
      return this.keep(await openTunnel({ proxy, to: this.endpoint, login, extraAuthorities, deadlineMs }));
    }
    return this.connect(this.addresses[0] ?? this.endpoint.host);
  }

  /** Opens a TCP connection to an address of the first hop. @throws Error with the system's code, or none in time */
  connect(address: string): Promise<Socket> {
    const { deadlineMs } = this.network;
    const socket = this.keep(connect({ host: address, port: this.hop.port, noDelay: true }));
    return inTime(deadlineMs, (resolve, reject) => {
      socket.once('connect', () => resolve(socket));
      socket.on('error', reject);
    });
  }

  /** Remembers a connection, so that it ends with the examination. */
  keep<Kept extends Pick<Socket, 'destroy'>>(opened: Kept): Kept {
    this.#opened.add(opened);
    return opened;
  }

  /** Ends all connections. */
  close(): void {
    this.web?.terminate();
    // TLS before what it lies on: the other way round Node.js 24 dies later, when it clears up.
    for (const opened of [...this.#opened].reverse()) opened.destroy();
  }
}
