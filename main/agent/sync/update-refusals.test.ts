import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { said, ToldPlant, WELCOME } from '../testing/told-plant.ts';

let plant: ToldPlant;

beforeEach(async () => {
  plant = await ToldPlant.open();
  onTestFinished(() => plant.close());
  plant.train(1);
});

/** Offers the update and has the aggregator answer it with an error. */
async function refuse(code: ErrorCode, retry: boolean): Promise<void> {
  const { updateId: about } = plant.outbox.next()!;
  await plant.hear([said(WELCOME), said({ type: 'error', code, about, retry, detail: null })]);
}

describe('an error about an update', () => {
  it.each<ErrorCode>(['update/wrong-shape', 'update/not-finite', 'update/id-conflict'])(
    'is the end of it when it judges it: %s',
    async (code) => {
      await refuse(code, false);
      expect(plant.outbox.figures()).toMatchObject({ updatesRefused: 1, updatesWaiting: 0 });
      expect(plant.refusals).toEqual([code]);
    },
  );

  it.each<[ErrorCode, boolean]>([
    ['protocol/bad-message', false],
    ['protocol/binary-unexpected', false],
    ['protocol/unexpected-message', false],
    ['protocol/offset-mismatch', true],
    ['update/digest-mismatch', true],
    ['server/storage', true],
    ['store/damaged', false],
    ['internal/bug', false],
  ])(
    'leaves it in the queue when it is about the way there, or about the aggregator: %s',
    async (code, retry) => {
      const before = plant.outbox.next();
      await refuse(code, retry);
      expect(plant.outbox.next()).toEqual(before);
      expect(plant.outbox.figures()).toMatchObject({ updatesRefused: 0, updatesWaiting: 1 });
      expect(plant.refusals).toEqual([code]);
    },
  );
});
