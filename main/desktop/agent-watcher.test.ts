import { AppError } from '@genba/shared/errors/app-error';
import type { AgentStatus, LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { expect, it, vi } from 'vitest';
import { type AgentSight, AgentWatcher } from './agent-watcher.ts';

const ENDPOINT: LocalApiEndpoint = { pid: 1, address: 'http://127.0.0.1:1', token: 'ab'.repeat(32) };
const status = (phase: AgentStatus['phase']) => ({ phase }) as AgentStatus;

it('tells what it hears, that the agent has ended, and ends itself', async () => {
  const sights: AgentSight[] = [];
  const watcher = new AgentWatcher({
    endpoint: async () => ({ state: 'ready', address: ENDPOINT.address, token: ENDPOINT.token }),
    find: async () => ENDPOINT,
    follow: async (_, listener) => {
      expect(listener(status('training'))).toBe(false);
      listener(status('paused'));
      throw new AppError('local/unauthorised');
    },
    seen: (sight) => sights.push(sight),
  });
  const end = watcher.run();
  await vi.waitFor(() => expect(sights).toHaveLength(3));
  expect(sights).toEqual([{ status: status('training') }, { status: status('paused') }, { state: 'absent' }]);
  watcher.stop();
  await end;
  expect(sights).toHaveLength(3);
});

it('tells that the agent is starting', async () => {
  const sights: AgentSight[] = [];
  const watcher = new AgentWatcher({
    endpoint: async () => ({ state: 'starting' }),
    find: async () => Promise.reject(new Error('asked too early')),
    follow: async () => Promise.reject(new Error('asked too early')),
    seen: (sight) => sights.push(sight),
  });
  const end = watcher.run();
  await vi.waitFor(() => expect(sights).toEqual([{ state: 'starting' }]));
  watcher.stop();
  await end;
});
