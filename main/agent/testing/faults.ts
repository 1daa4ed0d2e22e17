import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ServerCredentials } from './certificates.ts';

/** Faults on the way to an aggregator, as real servers on loopback that end with the test. */

async function listening<Listener extends Server>(server: Listener): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A port where nothing listens (any more). */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Takes connections and does this with each. */
export const tcpServer = (onConnection: (socket: Socket) => void) => listening(createTcpServer(onConnection));

/** A port that accepts and is silent. */
export const silentPort = () => tcpServer(() => undefined);

/** Cuts as soon as something is said. */
export const cuttingPort = () => tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));

/** Answers everything with this, like the wrong program on a port. */
export const babblingPort = (words: string) =>
  tcpServer((socket) => socket.once('data', () => socket.end(words)));

/** A web server with TLS; without a handler for upgrades Node.js answers them as plain requests. */
export function webServer(credentials: ServerCredentials, answer: RequestListener): Promise<number> {
  return listening(createHttpsServer({ ...credentials, minVersion: 'TLSv1.2' }, answer));
}

/** TLS 1.2 and older only, as inspecting devices of some age speak. */
export function oldWebServer(credentials: ServerCredentials): Promise<number> {
  return listening(createHttpsServer({ ...credentials, maxVersion: 'TLSv1.2' }));
}

/** Speaks WebSocket, and says this to whatever it hears. */
export async function webSocketServer(
  credentials: ServerCredentials,
  onMessage: (socket: WebSocket) => void,
): Promise<number> {
  const https = createHttpsServer(credentials);
  const sockets = new WebSocketServer({ server: https });
  sockets.on('connection', (socket) => socket.on('message', () => onMessage(socket)));
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
  });
  return listening(https);
}

/** A proxy that answers every request for a tunnel with this status line, or opens tunnels to this port. */
export function proxy(answer: { readonly refusal: string } | { readonly to: number }): Promise<number> {
  const server: HttpServer = createHttpServer();
  server.on('connect', (_, socket: Socket) => {
    socket.on('error', () => undefined);
    if ('refusal' in answer) {
      socket.end(`HTTP/1.1 ${answer.refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    const upstream = createConnectionTo(answer.to);
    upstream.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
  });
  return listening(server);
}

function createConnectionTo(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}
