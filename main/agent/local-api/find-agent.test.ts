import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL_API_ENDPOINT_FILE } from '@genba/shared/local-api/messages';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAgent, readEndpoint } from './find-agent.ts';

const token = 'ab'.repeat(32);
let folder: string;
let server: Server;
let address: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'genba-endpoint-'));
  server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  address = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`;
});

afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const write = (content: unknown) =>
  writeFile(
    join(folder, LOCAL_API_ENDPOINT_FILE),
    typeof content === 'string' ? content : JSON.stringify(content),
  );

describe('findAgent', () => {
  it('finds an agent that lives and answers', async () => {
    await write({ pid: process.pid, address, token });
    expect(await findAgent(folder)).toEqual({ pid: process.pid, address, token });
  });

  it('finds none without a file', async () => {
    expect(await findAgent(folder)).toBeNull();
  });

  it('finds none when the process has ended', async () => {
    const ended = spawnSync(process.execPath, ['--version']).pid;
    await write({ pid: ended, address, token });
    expect(await findAgent(folder)).toBeNull();
  });

  it('finds none when nothing answers at the address', async () => {
    await write({ pid: process.pid, address, token });
    await new Promise((resolve) => server.close(resolve));
    expect(await findAgent(folder)).toBeNull();
  });
});

describe('readEndpoint', () => {
  it.each([
    ['half a file', '{"pid": 12'],
    ['a token that is none', { pid: 1, address: 'http://127.0.0.1:80', token: 'x' }],
    ['another computer', { pid: 1, address: 'http://192.168.0.9:80', token }],
    ['a name that starts like loopback', { pid: 1, address: 'http://127.0.0.1.example.com:80', token }],
    ['credentials before another computer', { pid: 1, address: 'http://127.0.0.1:80@example.com', token }],
    ['an unknown field', { pid: 1, address: 'http://127.0.0.1:80', token, extra: 1 }],
  ])('refuses %s', async (_, content) => {
    await write(content);
    expect(await readEndpoint(folder)).toBeNull();
  });

  it('admits a loopback address', async () => {
    await write({ pid: 1, address: 'http://127.0.0.1:80', token });
    expect(await readEndpoint(folder)).not.toBeNull();
  });
});
