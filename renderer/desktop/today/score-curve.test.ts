import type { AgentStatus } from '@genba/shared/local-api/messages';
import { describe, expect, it } from 'vitest';
import { scoreCurve, summarise } from './score-curve.ts';

type Entry = AgentStatus['history'][number];

const entry = (round: number, own: number | null, check: number | null, event: Entry['event'] = 'round') => ({
  at: '2026-11-20T09:00:00.000Z',
  event,
  round,
  globalVersion: 0,
  loss: null,
  scoreKind: own === null && check === null ? null : ('accuracy' as Entry['scoreKind']),
  ownScore: own,
  checkScore: check,
});

describe('scoreCurve', () => {
  it('draws rounds in order and marks arrivals', () => {
    const curve = scoreCurve([
      entry(0, null, 0.1, 'installed'),
      entry(2, 0.7, 0.5),
      entry(1, 0.6, 0.4),
      entry(2, null, 0.8, 'installed'),
    ]);
    expect(curve.points).toEqual([
      { x: 1, own: 0.6, check: 0.4 },
      { x: 2, own: 0.7, check: 0.5 },
    ]);
    expect(curve.arrivals).toEqual([2]);
    expect(curve.names).toEqual(['own', 'check']);
  });

  it('leaves out a line without values, and a round that was not measured', () => {
    const curve = scoreCurve([entry(1, 0.6, null), entry(2, null, null)]);
    expect(curve.names).toEqual(['own']);
    expect(curve.points).toHaveLength(1);
  });

  it('keeps the last result of a round that ran again', () => {
    expect(scoreCurve([entry(1, 0.2, null), entry(1, 0.6, null)]).points).toEqual([
      { x: 1, own: 0.6, check: null },
    ]);
  });

  it('draws one kind of score only: the one that rounds have by now', () => {
    const balanced = { ...entry(2, 0.4, null), scoreKind: 'balanced-accuracy' as const };
    const curve = scoreCurve([entry(1, 0.9, null), balanced, entry(3, null, null)]);
    expect(curve.kind).toBe('balanced-accuracy');
    expect(curve.points).toEqual([{ x: 2, own: 0.4, check: null }]);
  });

  it('says what is missing where rounds were measured and have no score', () => {
    const unscored = { ...entry(1, null, null), scoreKind: 'auroc' as const };
    expect(scoreCurve([unscored])).toMatchObject({ kind: 'auroc', points: [] });
  });

  it('has nothing to draw at first', () => {
    expect(scoreCurve([])).toEqual({ kind: null, points: [], names: [], arrivals: [] });
  });
});

describe('summarise', () => {
  it('spans the first to the last known value', () => {
    const { points } = scoreCurve([
      entry(1, null, 0.3),
      entry(2, 0.5, 0.4),
      entry(3, 0.9, 0.4),
      entry(4, 0.8, 0.4),
    ]);
    expect(summarise(points, 'own')).toEqual({
      first: 0.5,
      firstRound: 2,
      last: 0.8,
      lastRound: 4,
      best: 0.9,
    });
  });

  it('is null without values', () => {
    expect(summarise([{ x: 1, own: null }], 'own')).toBeNull();
  });
});
