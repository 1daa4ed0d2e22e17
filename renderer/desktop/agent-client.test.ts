import type { WindowEndpoint } from '@genba/shared/local-api/window';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentClient, type AgentSocket } from './agent-client.ts';
import { plantStatus } from './plant-status.fixture.ts';

const ready = (port: number, token = 'ab'.repeat(32)): WindowEndpoint => ({
  state: 'ready',
  address: `http://127.0.0.1:${port}`,
  token,
});

/** A socket whose other end is the test. */
class TestSocket implements AgentSocket {
  onopen: AgentSocket['onopen'] = null;
  onmessage: AgentSocket['onmessage'] = null;
  onclose: AgentSocket['onclose'] = null;
  readonly sent: unknown[] = [];
  isClosed = false;
  readonly address: string;
  readonly protocols: string[];

  constructor(address: string, protocols: string[]) {
    this.address = address;
    this.protocols = protocols;
  }

  send(data: unknown): void {
    this.sent.push(JSON.parse(String(data)));
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#call('onclose', {});
  }

  open(): void {
    this.#call('onopen', {});
  }

  receive(message: unknown): void {
    this.#call('onmessage', { data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  #call(name: 'onopen' | 'onmessage' | 'onclose', event: object): void {
    (this[name] as ((event: object) => void) | null)?.(event);
  }
}

let endpoint: WindowEndpoint | null;
let sockets: TestSocket[];
let client: AgentClient;

beforeEach(() => {
  vi.useFakeTimers();
  endpoint = ready(4001);
  sockets = [];
  client = new AgentClient({
    endpoint: async () => endpoint,
    openSocket: (address, protocols) => {
      const socket = new TestSocket(address, protocols);
      sockets.push(socket);
      return socket;
    },
    random: () => 0.5,
  });
});
afterEach(() => {
  client.close();
  vi.useRealTimers();
});

async function connect(): Promise<TestSocket> {
  client.start();
  await vi.advanceTimersByTimeAsync(0);
  const socket = sockets.at(-1)!;
  socket.open();
  socket.receive({ type: 'status', status: plantStatus() });
  return socket;
}

describe('AgentClient', () => {
  it('connects with the token as a subprotocol and shows the status', async () => {
    const socket = await connect();
    expect(socket.address).toBe('ws://127.0.0.1:4001/api');
    expect(socket.protocols).toEqual(['genba.local.v1', `token.${'ab'.repeat(32)}`]);
    expect(client.view()).toMatchObject({
      contact: { kind: 'connected' },
      status: { plantName: 'Toyohashi' },
    });
  });

  it('keeps the last status when the agent is gone, and finds it at its new address', async () => {
    const socket = await connect();
    endpoint = ready(4002, 'cd'.repeat(32));
    socket.close();
    expect(client.view()).toMatchObject({ contact: { kind: 'unreachable' }, status: { phase: 'training' } });
    await vi.advanceTimersByTimeAsync(300);
    expect(sockets).toHaveLength(2);
    expect(sockets[1]).toMatchObject({
      address: 'ws://127.0.0.1:4002/api',
      protocols: ['genba.local.v1', `token.${'cd'.repeat(32)}`],
    });
  });

  it('waits longer after every failure, at most five seconds', async () => {
    client.start();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      await vi.advanceTimersByTimeAsync(0);
      const before = Date.now();
      sockets.at(-1)?.close();
      while (sockets.length === attempt + 1) await vi.advanceTimersByTimeAsync(5);
      waits.push(Date.now() - before);
    }
    expect(waits[0]).toBeLessThanOrEqual(250);
    expect(waits[3]).toBeGreaterThan(1_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
  });

  it('gives up on a port that accepts and says nothing', async () => {
    client.start();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(sockets[0]?.isClosed).toBe(true);
    expect(client.view().contact).toEqual({ kind: 'unreachable', problem: null });
  });

  it.each<[string, unknown]>([
    ['no JSON', 'hello'],
    ['an unknown type', { type: 'news' }],
    ['a status with a field missing', { type: 'status', status: { ...plantStatus(), queue: undefined } }],
    ['a status with a field we do not know', { type: 'status', status: { ...plantStatus(), more: 1 } }],
    ['a share above one', { type: 'status', status: withScore(1.5) }],
  ])('refuses %s', async (_, message) => {
    const socket = await connect();
    socket.receive(message as object);
    expect(socket.isClosed).toBe(true);
    expect(client.view()).toMatchObject({ contact: { kind: 'unreadable' }, status: { phase: 'training' } });
  });

  it('shows that the agent is starting, and why there is none', async () => {
    endpoint = { state: 'starting' };
    client.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(client.view().contact).toEqual({ kind: 'starting' });
    endpoint = { state: 'absent', problem: 'startup/data-not-writable' };
    await vi.advanceTimersByTimeAsync(250);
    expect(client.view().contact).toEqual({ kind: 'unreachable', problem: 'startup/data-not-writable' });
  });

  it('does not try without a token', async () => {
    endpoint = null;
    client.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.view().contact).toEqual({ kind: 'refused' });
    expect(sockets).toHaveLength(0);
  });
});

describe('AgentClient.send', () => {
  it('matches replies to commands by id', async () => {
    const socket = await connect();
    const pausing = client.send('pause');
    const resuming = client.send('resume');
    expect(socket.sent).toEqual([
      { id: 1, command: 'pause' },
      { id: 2, command: 'resume' },
    ]);
    socket.receive({ type: 'reply', id: 2, error: 'server/storage', detail: 'queue.sqlite' });
    socket.receive({ type: 'reply', id: 1, error: null });
    expect(await pausing).toEqual({ kind: 'done', result: null });
    expect(await resuming).toEqual({ kind: 'refused', code: 'server/storage', detail: 'queue.sqlite' });
  });

  it('does not wait for ever', async () => {
    await connect();
    const pausing = client.send('pause');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await pausing).toEqual({ kind: 'unanswered' });
  });

  it('answers what is open when the connection is lost, and at once when there is none', async () => {
    const socket = await connect();
    const pausing = client.send('pause');
    socket.close();
    expect(await pausing).toEqual({ kind: 'unanswered' });
    expect(await client.send('pause')).toEqual({ kind: 'unanswered' });
  });
});

describe('AgentClient.ask', () => {
  const question = { query: 'refused', after: 0 } as const;

  it('hands over the answer that bears the number of its question', async () => {
    const socket = await connect();
    const first = client.ask(question);
    const second = client.ask({ query: 'refused', after: 7 });
    expect(socket.sent).toEqual([
      { id: 1, query: 'refused', after: 0 },
      { id: 2, query: 'refused', after: 7 },
    ]);
    socket.receive({ type: 'refused', id: 2, page: { updates: [], hasMore: false } });
    socket.receive({ type: 'reply', id: 1, error: 'server/storage' });
    expect(await second).toMatchObject({ kind: 'answered', answer: { page: { hasMore: false } } });
    expect(await first).toEqual({ kind: 'refused', code: 'server/storage', detail: null });
  });

  it('hands over the parts of a long answer as they come, each of which gives the next one time', async () => {
    const socket = await connect();
    const names: string[] = [];
    const subject = { kind: 'paths', paths: ['/new'] } as const;
    const answer = client.ask(
      { query: 'judge', of: { subject: { ...subject, paths: [...subject.paths] }, parts: true } },
      ({ part }) => names.push(...part.map(({ name }) => name)),
    );
    const item = { line: null, series: null, verdict: null, problem: null };
    for (const name of ['a', 'b', 'c']) {
      await vi.advanceTimersByTimeAsync(100_000);
      socket.receive({ type: 'judged', id: 1, part: [{ ...item, name }] });
    }
    // Of a question that nobody has asked.
    socket.receive({ type: 'judged', id: 9, part: [{ ...item, name: 'z' }] });
    const model = { model: 'own', globalVersion: 1, rounds: 1 } as const;
    socket.receive({
      type: 'judgement',
      id: 1,
      judgement: { model, judged: 0, failed: 3, classes: [], items: [] },
    });
    expect(await answer).toMatchObject({ kind: 'answered', answer: { judgement: { failed: 3 } } });
    expect(names).toEqual(['a', 'b', 'c']);
  });

  it('gives a look at data more time than a page of a list', async () => {
    const socket = await connect();
    const outcomes: string[] = [];
    void client.ask(question).then(({ kind }) => outcomes.push(`list ${kind}`));
    void client
      .ask({ query: 'preview-data', path: '/data' })
      .then(({ kind }) => outcomes.push(`look ${kind}`));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(outcomes).toEqual(['list unanswered']);
    // Long after its deadline, the answer to a question that nobody asks any more does no harm.
    socket.receive({ type: 'refused', id: 1, page: { updates: [], hasMore: false } });
    await vi.advanceTimersByTimeAsync(100_000);
    expect(outcomes).toEqual(['list unanswered', 'look unanswered']);
    expect(client.view().contact.kind).toBe('connected');
  });

  it('does not take an answer of another kind', async () => {
    const socket = await connect();
    const asked = client.ask(question);
    socket.receive({ type: 'ledger', id: 1, page: { entries: [], hasMore: false, keptSince: null } });
    expect(await asked).toEqual({ kind: 'unanswered' });
    expect(client.view().contact.kind).toBe('unreadable');
  });
});

describe('AgentClient.view', () => {
  it('keeps what a new status does not change, so that nothing need be drawn again', async () => {
    const socket = await connect();
    const before = client.view().status!;
    const moved = plantStatus({ queue: { ...before.queue, roundsWaiting: 3 } });
    socket.receive({ type: 'status', status: moved });
    const after = client.view().status!;
    expect(after).toEqual(moved);
    expect(after.queue).not.toBe(before.queue);
    expect(after.history).toBe(before.history);
    expect(after.network).toBe(before.network);
  });
});

function withScore(ownScore: number) {
  const [point] = plantStatus().history;
  return { ...plantStatus(), history: [{ ...point, ownScore }] };
}
