import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { describe, expect, it } from 'vitest';
import {
  AgentFollower,
  LONGEST_WAIT_MS,
  NEXT_START_MS,
  RESTART_GRACE_MS,
  START_DEADLINE_MS,
  STEADY_MS,
} from './agent-follower.ts';

const endpointOn = (port: number): LocalApiEndpoint => ({
  pid: 1,
  address: `http://127.0.0.1:${port}`,
  token: 'ab'.repeat(32),
});

/** A data folder and a clock that a test moves by hand. */
class Stage {
  running: LocalApiEndpoint | null = null;
  now = 1_000_000;
  startCount = 0;
  problem: ErrorCode | null = null;
  isWritable = true;

  follower(options: { readonly mayStart: boolean } = { mayStart: true }): AgentFollower {
    const start = () => {
      if (!this.isWritable) throw new Error('read-only');
      this.startCount++;
      this.problem = null;
      return { problem: () => this.problem };
    };
    return new AgentFollower({
      find: async () => this.running,
      start: options.mayStart ? start : null,
      now: () => this.now,
    });
  }
}

describe('AgentFollower', () => {
  it('starts one agent, however often it is asked, and finds it once it answers', async () => {
    const stage = new Stage();
    const follower = stage.follower();
    expect(await follower.endpoint()).toEqual({ state: 'starting' });
    expect(await follower.endpoint()).toEqual({ state: 'starting' });
    expect(stage.startCount).toBe(1);
    stage.running = endpointOn(4001);
    expect(await follower.endpoint()).toMatchObject({ state: 'ready', address: 'http://127.0.0.1:4001' });
  });

  it('follows an agent to its new port', async () => {
    const stage = new Stage();
    const follower = stage.follower();
    stage.running = endpointOn(4001);
    await follower.endpoint();
    stage.running = endpointOn(4002);
    expect(await follower.endpoint()).toMatchObject({ address: 'http://127.0.0.1:4002' });
    expect(stage.startCount).toBe(0);
  });

  it('lets a vanished agent come back by itself before it starts one', async () => {
    const stage = new Stage();
    const follower = stage.follower();
    stage.running = endpointOn(4001);
    await follower.endpoint();
    stage.running = null;
    stage.now += RESTART_GRACE_MS - 1;
    expect(await follower.endpoint()).toEqual({ state: 'absent', problem: null });
    expect(stage.startCount).toBe(0);
    stage.now += 1;
    expect(await follower.endpoint()).toEqual({ state: 'starting' });
    expect(stage.startCount).toBe(1);
  });

  it('never starts one when it is only to follow', async () => {
    const stage = new Stage();
    expect(await stage.follower({ mayStart: false }).endpoint()).toEqual({ state: 'absent', problem: null });
    expect(stage.startCount).toBe(0);
  });

  it('says that the start failed and tries again later, not at once', async () => {
    const stage = new Stage();
    const follower = stage.follower();
    await follower.endpoint();
    stage.problem = 'store/newer-database';
    stage.now += NEXT_START_MS - 1;
    expect(await follower.endpoint()).toEqual({ state: 'absent', problem: 'store/newer-database' });
    stage.now += 1;
    expect(await follower.endpoint()).toEqual({ state: 'starting' });
    expect(stage.startCount).toBe(2);
  });

  it('waits ever longer for one that keeps crashing, and at once again for one that had been steady', async () => {
    const stage = new Stage();
    const follower = stage.follower();
    const waitUntilStarted = async () => {
      const count = stage.startCount;
      const since = stage.now;
      stage.problem = 'internal/bug';
      while (stage.startCount === count) {
        stage.now += 1_000;
        await follower.endpoint();
      }
      return stage.now - since;
    };
    await follower.endpoint();
    const waits = [];
    for (let crash = 0; crash < 7; crash++) waits.push(await waitUntilStarted());
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30].map((times) => times * NEXT_START_MS));
    expect(waits.at(-1)).toBe(LONGEST_WAIT_MS);
    stage.running = endpointOn(4001);
    stage.now += STEADY_MS;
    await follower.endpoint();
    stage.running = null;
    expect(await waitUntilStarted()).toBe(RESTART_GRACE_MS);
  });

  it('stops calling it starting when it takes too long, without starting a second one', async () => {
    const stage = new Stage();
    const follower = stage.follower();
    await follower.endpoint();
    stage.now += START_DEADLINE_MS + 1;
    expect(await follower.endpoint()).toEqual({ state: 'absent', problem: null });
    expect(stage.startCount).toBe(1);
  });

  it('names a data folder that cannot be written', async () => {
    const stage = new Stage();
    stage.isWritable = false;
    const follower = stage.follower();
    const refusal = { state: 'absent', problem: 'startup/data-not-writable' };
    expect(await follower.endpoint()).toEqual(refusal);
    expect(await follower.endpoint()).toEqual(refusal);
  });
});
