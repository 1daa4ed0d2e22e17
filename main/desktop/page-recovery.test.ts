import { expect, it } from 'vitest';
import { PageRecovery } from './page-recovery.ts';

it('loads a page again that crashes now and then, and gives up on one that does so at once', () => {
  let now = 0;
  const recovery = new PageRecovery(() => now);
  const crashes = [0, 10, 20, 30, 59_999, 60_011, 200_000].map((at) => {
    now = at;
    return recovery.crashed();
  });
  expect(crashes).toEqual(['reload', 'reload', 'reload', 'give-up', 'give-up', 'give-up', 'reload']);
});
