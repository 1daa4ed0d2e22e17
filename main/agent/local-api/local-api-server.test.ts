import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@genba/shared/errors/app-error';
import type { AgentStatus, LocalCommand } from '@genba/shared/local-api/messages';
import { CONTENT_SECURITY_POLICY } from '@genba/shared/local-api/window';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { LocalApiServer } from './local-api-server.ts';

const STATUS = { plantName: '仙台' } as AgentStatus;
const PAGE = { entries: [], hasMore: false, keptSince: null };

let folder: string;
let server: LocalApiServer;
let executed: LocalCommand[];
let stopCount: number;
let status: AgentStatus;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'genba-pages-'));
  mkdirSync(path.join(folder, 'pages/desktop'), { recursive: true });
  writeFileSync(path.join(folder, 'pages/desktop/index.html'), '<title>Genba</title>');
  writeFileSync(path.join(folder, 'secret.txt'), 'secret');
  executed = [];
  stopCount = 0;
  status = STATUS;
  server = new LocalApiServer({
    status: () => status,
    execute: async (command) => {
      if (command.command === 'resume') throw new AppError('internal/bug');
      executed.push(command);
      return null;
    },
    answer: async ({ id, query }) => {
      if (query === 'doctor') throw new AppError('server/bad-address');
      return { type: 'ledger', id, page: PAGE };
    },
    findPicture: async () => path.join(folder, 'secret.txt'),
    stop: () => {
      stopCount += 1;
    },
    pagesFolder: path.join(folder, 'pages'),
    log: pino({ level: 'silent' }),
  });
  await server.listen(0);
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Attempt {
  readonly token?: string;
  readonly origin?: string;
  readonly host?: string;
  readonly path?: string;
}

/** Connects and waits for the first message, or fails with the server's answer. */
function connect({ token = server.token, origin, host, path: url = '/api' }: Attempt = {}): Promise<{
  socket: WebSocket;
  first: unknown;
}> {
  const socket = new WebSocket(
    `${server.address.replace('http', 'ws')}${url}`,
    ['genba.local.v1', `token.${token}`],
    {
      headers: { ...(origin === undefined ? {} : { origin }), ...(host === undefined ? {} : { host }) },
    },
  );
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('message', (data: Buffer) => resolve({ socket, first: JSON.parse(data.toString()) }));
  });
}

function nextMessage(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString())));
  });
}

describe('the local API', () => {
  it('admits a window with the token, from the shell, the own page or a program', async () => {
    for (const origin of [undefined, 'genba://app', server.address]) {
      const { socket, first } = await connect({ origin });
      expect(first).toEqual({ type: 'status', status: STATUS });
      socket.terminate();
    }
  });

  it.each([
    ['a wrong token', { token: 'f'.repeat(64) }],
    ['a token of another length', { token: 'f' }],
    ['another site’s page', { origin: 'https://example.com' }],
    ['a page of another local port', { origin: 'http://127.0.0.1:1' }],
    ['a name that was pointed at this PC', { host: 'example.com' }],
    ['another path', { path: '/other' }],
  ])('refuses %s', async (_, attempt) => {
    await expect(connect(attempt)).rejects.toThrow(/401/);
  });

  it('carries out a command and says so', async () => {
    const { socket } = await connect();
    socket.send(JSON.stringify({ id: 7, command: 'pause' }));
    expect(await nextMessage(socket)).toEqual({ type: 'reply', id: 7, error: null });
    expect(executed).toEqual([{ id: 7, command: 'pause' }]);
    socket.terminate();
  });

  it('answers a question to whoever asked', async () => {
    const { socket } = await connect();
    const of = { since: null, until: '2026-11-26T00:00:00.000Z', after: 3 };
    socket.send(JSON.stringify({ id: 5, query: 'ledger', of }));
    expect(await nextMessage(socket)).toEqual({ type: 'ledger', id: 5, page: PAGE });
    expect(executed).toEqual([]);
    socket.terminate();
  });

  it('says why a question has no answer', async () => {
    const { socket } = await connect();
    const of = { server: 'nowhere', invitation: null };
    socket.send(JSON.stringify({ id: 6, query: 'doctor', of }));
    expect(await nextMessage(socket)).toEqual({ type: 'reply', id: 6, error: 'server/bad-address' });
    socket.terminate();
  });

  it('answers who asks it to stop, and then stops', async () => {
    const { socket } = await connect();
    socket.send(JSON.stringify({ id: 9, command: 'stop' }));
    expect(await nextMessage(socket)).toEqual({ type: 'reply', id: 9, error: null });
    await expect.poll(() => stopCount).toBe(1);
    expect(executed).toEqual([]);
    socket.terminate();
  });

  it('says which error stopped a command', async () => {
    const { socket } = await connect();
    socket.send(JSON.stringify({ id: 8, command: 'resume' }));
    expect(await nextMessage(socket)).toEqual({ type: 'reply', id: 8, error: 'internal/bug' });
    socket.terminate();
  });

  it.each([
    '{',
    '{"id":1,"command":"format"}',
    '{"id":1,"command":"pause","extra":1}',
    '{"id":1,"query":"ledger"}',
  ])('closes on %s and carries out nothing', async (text) => {
    const { socket } = await connect();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.send(text);
    expect(await closed).toBe(1008);
    expect(executed).toEqual([]);
  });

  it('tells every window of a change, many changes at once', async () => {
    const windows = await Promise.all([connect(), connect()]);
    const heard = windows.map(({ socket }) => nextMessage(socket));
    status = { ...STATUS, plantName: '名古屋' };
    for (let change = 0; change < 100; change++) server.statusChanged();
    expect(await Promise.all(heard)).toEqual([
      { type: 'status', status },
      { type: 'status', status },
    ]);
  });

  it('says nothing where nothing is new to any window', async () => {
    const { socket } = await connect();
    const messages: unknown[] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
    const tell = async (next: AgentStatus) => {
      status = next;
      server.statusChanged();
      await delay(150);
    };
    const other = { ...STATUS, plantName: '名古屋' };
    await tell(other);
    await tell({ ...other });
    expect(messages).toEqual([{ type: 'status', status: other }]);
    // One that came meanwhile has heard of what was not there for long.
    status = STATUS;
    const { socket: late } = await connect();
    const heard = nextMessage(late);
    await tell(other);
    expect(await heard).toEqual({ type: 'status', status: other });
  });

  it('refuses a port in use', async () => {
    const other = new LocalApiServer({
      status: () => STATUS,
      execute: () => Promise.resolve(null),
      answer: async ({ id }) => ({ type: 'ledger', id, page: PAGE }),
      findPicture: async () => folder,
      stop: () => undefined,
      pagesFolder: folder,
      log: pino({ level: 'silent' }),
    });
    const port = Number(new URL(server.address).port);
    await expect(other.listen(port)).rejects.toMatchObject({ code: 'startup/port-in-use' });
  });
});

/** A request as it stands, without the client tidying its path up. */
function get(
  rawPath: string,
  host?: string,
): Promise<{ status: number; body: string; location: string | undefined; policy: unknown }> {
  const { port } = new URL(server.address);
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: rawPath, headers: host === undefined ? {} : { host } };
    request(options, (response) => {
      let body = '';
      response.on('data', (piece) => {
        body += piece;
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          body,
          location: response.headers.location,
          policy: response.headers['content-security-policy'],
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('the pages', () => {
  it('come from the built folder, the first one from /', async () => {
    expect(await get('/')).toMatchObject({ status: 302, location: '/desktop/index.html' });
    expect(await get('/desktop/index.html')).toMatchObject({ status: 200, body: '<title>Genba</title>' });
  });

  it('may do in a browser what they may do in the shell', async () => {
    expect((await get('/desktop/index.html')).policy).toBe(CONTENT_SECURITY_POLICY);
  });

  it.each(['/missing.html', '/../secret.txt', '/%2e%2e/secret.txt', '/..%5csecret.txt', '/%'])(
    'do not include %s',
    async (rawPath) => {
      const { status, body } = await get(rawPath);
      expect(status).toBe(404);
      expect(body).not.toContain('secret\n');
    },
  );

  it('are not for a name that was pointed at this PC', async () => {
    expect((await get('/desktop/index.html', 'example.com')).status).toBe(421);
  });
});
