import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { Inbox } from './inbox.ts';
import { BYTES_PER_TURN, LoopTurn } from './loop-turn.ts';

it('takes up so much in a turn, from all connections together, and goes on in the next', async () => {
  const turn = new LoopTurn();
  const [first, second] = [vi.fn(), vi.fn()];
  expect(turn.take(BYTES_PER_TURN - 1, first)).toBe(false);
  expect(turn.take(1, second)).toBe(true);
  expect(turn.take(1, second)).toBe(true);
  expect(second).not.toHaveBeenCalled();
  await nextTurn();
  expect([first.mock.calls.length, second.mock.calls.length]).toEqual([0, 1]);
  expect(turn.take(BYTES_PER_TURN - 1, first)).toBe(false);
  await nextTurn();
  expect(turn.take(BYTES_PER_TURN - 1, first)).toBe(false);
});

it('counts a turn that ends while it goes on with the next', async () => {
  const turn = new LoopTurn();
  let goneOn = 0;
  const goOn = () => {
    goneOn += 1;
    if (goneOn < 3) turn.take(BYTES_PER_TURN, goOn);
  };
  turn.take(BYTES_PER_TURN, goOn);
  await nextTurn();
  expect(goneOn).toBe(1);
  await nextTurn();
  await nextTurn();
  expect(goneOn).toBe(3);
});

it('pauses a connection until the next turn, and longer while too much of it waits', async () => {
  let isPaused = false;
  const socket = {
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
    },
  };
  const inbox = new Inbox(socket);
  const disk = Promise.withResolvers<void>();
  inbox.add({ sizeBytes: 1000, isKept: true }, async () => {});
  expect(isPaused).toBe(false);
  inbox.add({ sizeBytes: BYTES_PER_TURN - 1000, isKept: true }, () => disk.promise);
  expect(isPaused).toBe(true);
  await nextTurn();
  expect(isPaused).toBe(false);
  inbox.add({ sizeBytes: BYTES_PER_TURN, isKept: true }, async () => {});
  await nextTurn();
  // Two megabytes wait for the disk.
  expect(isPaused).toBe(true);
  disk.resolve();
  await nextTurn();
  expect(isPaused).toBe(false);
});

it('leaves the socket of a closed inbox alone', async () => {
  const socket = { pause: vi.fn(), resume: vi.fn() };
  const inbox = new Inbox(socket);
  inbox.add({ sizeBytes: BYTES_PER_TURN, isKept: true }, async () => {});
  await inbox.close({ isDrained: true });
  await nextTurn();
  expect(socket.resume).not.toHaveBeenCalled();
});
