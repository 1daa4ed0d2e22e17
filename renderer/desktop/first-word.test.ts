import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AgentView, Contact } from './agent-view.ts';
import { FIRST_WORD_MS, firstWord } from './first-word.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client that is told what it knows. */
function toldClient() {
  const listeners = new Set<() => void>();
  let view: AgentView = { contact: { kind: 'opening' }, status: null, heardAt: null, pictures: null };
  return {
    listeners,
    view: () => view,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    show: (change: Partial<AgentView>) => {
      view = { ...view, ...change };
      for (const listener of listeners) listener();
    },
  };
}

const isOver = async (wait: Promise<void>) => {
  let over = false;
  void wait.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return over;
};

it.each<Contact>([
  { kind: 'connected' },
  { kind: 'starting' },
  { kind: 'unreachable', problem: null },
  { kind: 'refused' },
])('is over as soon as the window stands with its agent as %o', async (contact) => {
  const client = toldClient();
  const wait = firstWord(client);
  expect(await isOver(wait)).toBe(false);
  // Where pictures come from is no word about the agent.
  client.show({ pictures: null });
  expect(await isOver(wait)).toBe(false);
  client.show({ contact });
  expect(await isOver(wait)).toBe(true);
  expect(client.listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

it('is over after a moment in which nothing was heard', async () => {
  const client = toldClient();
  const wait = firstWord(client);
  await vi.advanceTimersByTimeAsync(FIRST_WORD_MS - 1);
  expect(await isOver(wait)).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await isOver(wait)).toBe(true);
  expect(client.listeners.size).toBe(0);
});
