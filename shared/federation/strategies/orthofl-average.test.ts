import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CalibrationGroup, calibrationGroups } from '../groups.ts';
import { type ClientBase, calibrateOnClient } from './calibrate-on-client.ts';
import { createStrategy } from './create-strategy.ts';
import { MemoryServer } from './memory-server.ts';
import { strategySettingsSchema } from './settings.ts';
import { describeStrategy } from './strategy.contract.ts';
import type { Reply } from './strategy.ts';
import { filled, histories, LAYOUT, reportOf } from './testing.ts';

const settingsWith = (changes: object) => strategySettingsSchema.parse({ reference: 'average', ...changes });

describe.each(['layer', 'tensor', 'model'])('by %s', (grouping) => {
  describeStrategy('OrthoFL, average,', {
    settings: settingsWith({ grouping }),
    bound: 'hull',
    lowersStale: true,
  });
});
describeStrategy('OrthoFL, average, calibrated by the client,', {
  settings: settingsWith({ calibratedBy: 'client' }),
  bound: 'hull',
  lowersStale: true,
});

describeStrategy('OrthoFL, average, calibrated by the clients once they are many,', {
  settings: settingsWith({ calibratedBy: 'auto', calibrationLimit: 2 }),
  bound: 'hull',
  lowersStale: true,
});

describe('OrthoFL average', () => {
  it('passes on how the average moved since the client’s own last merge, by hand', () => {
    const settings = settingsWith({ mixingWeight: 0.5, stalenessExponent: 1 });
    const server = MemoryServer.create(createStrategy(settings, LAYOUT), filled(1));
    server.join('osaka');
    server.join('nagoya');
    // G: 1 → (2, 1, 3 | 4 | 1, 0).
    server.report('nagoya', reportOf(Float32Array.of(3, 1, 5, 7, 1, -1)));
    // Osaka: δ = (1, 0, 1 | 2 | 0, 4), Δ = (1, 0, 2 | 3 | 0, −1).
    // Layer a: c = 3 / 2, Δ⊥ = (−0.5, 0, 0.5). Layer b: c = −4 / 16, Δ⊥ = (0, 0).
    const weights = Float32Array.of(2, 1, 2, 3, 1, 5);
    const { replies } = server.report('osaka', reportOf(weights));
    const reply = Float32Array.of(1.5, 1, 2.5, 3, 1, 5);
    expect(replies.get('osaka')).toEqual({ kind: 'weights', weights: reply });
    // β = 0.25; the average after the own merge is the next reference.
    const average = Float32Array.of(2, 1, 2.75, 3.75, 1, 1.25);
    expect(server.globalWeights).toEqual(average);
    expect(server.state.clients.get('osaka')!.vectors).toEqual({
      startWeights: reply,
      averageAtBase: average,
    });
    // Nobody else merged since: the next reply is what Osaka sends.
    const next = server.report('osaka', reportOf(filled(-4)));
    expect(next.replies.get('osaka')).toEqual({ kind: 'weights', weights: filled(-4) });
  });

  it.each([
    ['from the first report on', { calibratedBy: 'client' }, 0],
    ['once more than two clients have joined', { calibratedBy: 'auto', calibrationLimit: 2 }, 2],
  ])('gives the same bits when clients calibrate by themselves %s', (_when, changes, limit) => {
    const groups = calibrationGroups(LAYOUT, 'layer');
    const onServer = createStrategy(settingsWith({}), LAYOUT);
    const onClient = createStrategy(settingsWith(changes), LAYOUT);
    const kinds = new Set<string>();
    fc.assert(
      fc.property(histories(), ({ initial, actions }) => {
        const keeping = MemoryServer.create(onServer, initial);
        const forgetting = MemoryServer.create(onClient, initial);
        const bases = new Map<string, ClientBase>();
        for (const { client, kind, weights } of actions) {
          const base = bases.get(client);
          if (base === undefined || kind === 'join') {
            expect(forgetting.join(client)).toEqual(keeping.join(client));
            const { globalWeights } = forgetting;
            bases.set(client, { startWeights: globalWeights, averageAtBase: globalWeights });
            continue;
          }
          const expected = keeping.report(client, reportOf(weights)).replies.get(client)!;
          const reply = forgetting.report(client, reportOf(weights)).replies.get(client)!;
          kinds.add(reply.kind);
          const next = nextBase(reply, weights, base, groups);
          expect(expected).toEqual({ kind: 'weights', weights: next.startWeights });
          if (reply.kind !== 'weights') expect(next.averageAtBase).toEqual(keeping.globalWeights);
          expect(forgetting.globalWeights).toEqual(keeping.globalWeights);
          bases.set(client, next);
          const isPastLimit = bases.size > limit;
          expect(Object.keys(forgetting.state.clients.get(client)!.vectors)).toHaveLength(
            isPastLimit ? 0 : 2,
          );
        }
      }),
      { numRuns: 300 },
    );
    expect([...kinds].sort()).toEqual(limit === 0 ? ['calibrate'] : ['calibrate', 'hand-over', 'weights']);
  });

  it('goes on calibrating on the client after the task has changed its mind, until the client joins anew', () => {
    const changed = createStrategy(settingsWith({ calibratedBy: 'client' }), LAYOUT);
    const before = MemoryServer.create(changed, filled(1));
    before.join('osaka');
    const server = MemoryServer.restore(createStrategy(settingsWith({}), LAYOUT), before.state);
    server.join('nagoya');
    expect(server.report('osaka', reportOf(filled(2))).replies.get('osaka')!.kind).toBe('calibrate');
    expect(server.report('nagoya', reportOf(filled(2))).replies.get('nagoya')!.kind).toBe('weights');
    server.join('osaka');
    expect(server.report('osaka', reportOf(filled(2))).replies.get('osaka')!.kind).toBe('weights');
    expect(server.state.server.scalars).toEqual({ clientCount: 2 });
  });
});

function nextBase(
  reply: Reply,
  reported: Float32Array,
  base: ClientBase,
  groups: readonly CalibrationGroup[],
): ClientBase {
  if (reply.kind === 'calibrate') return calibrateOnClient(reply, reported, base, groups);
  const { weights } = reply;
  // What the server calibrates for, the client keeps no reference of.
  const averageAtBase = reply.kind === 'weights' ? new Float32Array(weights.length) : reply.averageAtBase;
  return { startWeights: weights, averageAtBase };
}
