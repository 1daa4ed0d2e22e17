import { AppError } from '@genba/shared/errors/app-error';
import { expect, it, onTestFinished } from 'vitest';
import { said, ToldPlant, WELCOME } from '../testing/told-plant.ts';
import { refusedDelayMs } from './sync-client.ts';

const MINUTE_MS = 60_000;

/** A welcome with a task that only a newer version knows. */
function newerWelcome() {
  const { bytes } = said(WELCOME);
  const welcome = JSON.parse(Buffer.from(bytes).toString('utf8'));
  welcome.task.model = { template: 'vit', depth: 3 };
  return { bytes: Buffer.from(JSON.stringify(welcome)), isBinary: false };
}

it('tells of a task that it does not know what it is, keeps what it has, and does not come back at once', async () => {
  const plant = await ToldPlant.open();
  onTestFinished(() => plant.close());
  plant.train(2);
  const before = plant.stored();
  // Anything else that breaks the protocol is tried again within half a second at first.
  const connections = await plant.connectionsWithin(2_000, [newerWelcome()]);
  expect(plant.refusals).toEqual(['task/app-too-old']);
  expect(connections).toBe(1);
  expect(plant.stored()).toBe(before);
  // The same aggregator, with a task that is known: it goes on.
  await plant.hear([said(WELCOME)]);
  expect(plant.refusals).toEqual(['task/app-too-old']);
});

it('waits a quarter of an hour and more, each plant another time, where the app is too old, and else half a minute', () => {
  const old = new AppError('task/app-too-old');
  expect(refusedDelayMs(old, () => 0)).toBe(15 * MINUTE_MS);
  expect(refusedDelayMs(old, () => 0.5)).toBe(18.75 * MINUTE_MS);
  expect(refusedDelayMs(new AppError('identity/revoked'), () => 0.5)).toBe(MINUTE_MS / 2);
});
