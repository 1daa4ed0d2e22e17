import type { ChangesPeriod, PlantChanges } from '@genba/shared/local-api/changes';

const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();

/** What a night with an outage leaves behind; nothing but the shift's own beginning on the first day. */
export function nightChanges(period: ChangesPeriod): PlantChanges {
  const hours = { 'this-shift': 1, 'last-shift': 13, week: 168 }[period];
  return {
    since: hoursAgo(hours),
    isFirst: false,
    rounds: { count: hours, durationMs: hours * 240_000 },
    updates: { delivered: 8, refused: 1, received: 7, sentBytes: 3_400_000 },
    scores: {
      kind: 'accuracy',
      own: { before: 0.912, now: 0.934 },
      shared: { before: 0.898, now: 0.921 },
      inUse: { before: 0.912, now: 0.941 },
    },
    labels: {
      count: 25,
      by: [
        { name: '佐藤', count: 20 },
        { name: '鈴木', count: 5 },
      ],
    },
    model: {
      taken: 1,
      heldBack: 2,
      newest: {
        at: hoursAgo(0.7),
        by: null,
        kind: 'taken',
        model: 'together',
        globalVersion: 12,
        reason: 'as-good',
        score: 0.941,
        inUseScore: 0.912,
      },
    },
    troubles: [{ what: 'offline', from: hoursAgo(6), until: hoursAgo(4.5) }],
    drifts: [
      {
        since: hoursAgo(5),
        knownAt: hoursAgo(4),
        before: 500,
        now: 60,
        findings: [{ kind: 'picture', aspect: 'brightness', change: 'lower', distance: 0.3 }],
      },
    ],
    judged: { ok: 118, ng: 2, named: 0, unjudged: 1 },
  };
}

/** A plant on its first day. */
export function firstDayChanges(): PlantChanges {
  return {
    ...nightChanges('last-shift'),
    isFirst: true,
    rounds: { count: 1, durationMs: 9_000 },
    updates: { delivered: 0, refused: 0, received: 1, sentBytes: 0 },
    scores: null,
    labels: { count: 0, by: [] },
    model: { taken: 0, heldBack: 0, newest: null },
    troubles: [],
    drifts: [],
    judged: null,
  };
}
