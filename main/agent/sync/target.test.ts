import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Dial } from '../network/dial.ts';
import type { Endpoint } from '../network/route.ts';
import { issue, makeAuthority, toPem } from '../testing/certificates.ts';
import { channelOf, encryptedTarget, endpointOf, openSocket, serverOf } from './target.ts';

interface Seen {
  readonly alpn: string | false | null;
  readonly serverName: string | false | null | undefined;
  readonly host: string | undefined;
  readonly httpVersion: string;
  readonly tls: string | null;
}

const authority = makeAuthority('CA');
const anchor = toPem(authority.certificate);
let port: number;
let seen: Seen[];
let dialled: Endpoint[];

/** Goes to this computer, whatever name is dialled, as behind a router of the plant. */
const dial: Dial = (endpoint) => {
  dialled.push(endpoint);
  return Promise.resolve(connect(port, '127.0.0.1'));
};

beforeEach(async () => {
  seen = [];
  dialled = [];
  const names = ['genba.example', '127.0.0.1'];
  const https = createServer(issue([authority], { names }));
  const sockets = new WebSocketServer({ server: https });
  sockets.on('connection', (_, request) => {
    const socket = request.socket as TLSSocket & { readonly servername?: string | false };
    seen.push({
      alpn: socket.alpnProtocol,
      serverName: socket.servername,
      host: request.headers.host,
      httpVersion: request.httpVersion,
      tls: socket.getProtocol(),
    });
  });
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  port = (https.address() as AddressInfo).port;
  onTestFinished(async () => {
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => https.close(resolve));
  });
});

/** Opens a socket; resolves when the other end has seen it. */
async function open(address: string): Promise<Seen> {
  const socket = openSocket(encryptedTarget(address, anchor), dial);
  onTestFinished(() => socket.terminate());
  const channel = new Promise((resolve) => socket.on('upgrade', (response) => resolve(channelOf(response))));
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  expect(await channel).toHaveLength(32);
  await expect.poll(() => seen).toHaveLength(1);
  return seen[0]!;
}

describe('a connection to an aggregator', () => {
  it('looks like any other on port 443: HTTP/1.1, its name, no port', async () => {
    expect(await open('wss://genba.example')).toEqual({
      alpn: 'http/1.1',
      serverName: 'genba.example',
      host: 'genba.example',
      httpVersion: '1.1',
      tls: 'TLSv1.3',
    });
    expect(dialled).toEqual([{ host: 'genba.example', port: 443 }]);
  });

  it('names another port, and no address in TLS', async () => {
    expect(await open('wss://127.0.0.1:8600')).toMatchObject({ serverName: false, host: '127.0.0.1:8600' });
    expect(dialled).toEqual([{ host: '127.0.0.1', port: 8600 }]);
  });

  it('does not come about with another name than that of the certificate', async () => {
    await expect(open('wss://other.example')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});

describe('addresses', () => {
  it.each([
    ['wss://genba.example/genba', { host: 'genba.example', port: 443 }],
    ['wss://genba.example:443/genba', { host: 'genba.example', port: 443 }],
    ['wss://[fd00::1]:8600', { host: 'fd00::1', port: 8600 }],
  ])('%s leads to its end', (address, endpoint) => {
    expect(endpointOf(address)).toEqual(endpoint);
  });

  it.each([
    ['wss://genba.example:8600/genba', 'wss://genba.example:8600'],
    ['ws://127.0.0.1:7070/genba', 'ws://127.0.0.1:7070'],
    ['ws://127.0.0.1:7070', 'ws://127.0.0.1:7070'],
  ])('%s is that of a server', (address, server) => {
    expect(serverOf(address)).toBe(server);
  });
});
