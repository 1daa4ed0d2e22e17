import type { DemoStatus } from '@genba/shared/local-api/demo-status';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import { DEFAULT_SCHEDULE } from '@genba/shared/local-api/schedule';

const MINUTE_MS = 60_000;
const ROUND_COUNT = 12;
const FIRST_OFFLINE_ROUND = 9;

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS).toISOString();

/** A curve as the demo's plants show it: quick at first, a small step back with each new shared model. */
function history(): AgentStatus['history'] {
  return Array.from({ length: ROUND_COUNT }, (_, index) => {
    const round = index + 1;
    const gain = 1 - Math.exp(-round / 2.6);
    const ripple = round % 3 === 0 ? -0.012 : 0.006;
    const at = minutesAgo((ROUND_COUNT - round) * 3 + 2);
    const point = {
      at,
      round,
      globalVersion: round * 8,
      loss: 2.1 * Math.exp(-round / 3),
      scoreKind: 'accuracy' as const,
      ownScore: Math.min(0.985, 0.58 + 0.4 * gain + ripple),
      checkScore: Math.min(0.95, 0.24 + 0.7 * gain + ripple),
    };
    const isArrival = round === 3 || round === 6;
    return isArrival
      ? [
          { ...point, event: 'round' as const },
          { ...point, event: 'installed' as const, loss: null, ownScore: null },
        ]
      : [{ ...point, event: 'round' as const }];
  }).flat();
}

/** A plant in the middle of its thirteenth round, offline since the ninth. */
export function offlinePlant(): AgentStatus {
  return {
    appVersion: '0.1.0',
    clientId: 'client-03',
    plantName: '豊橋工場 第2ライン',
    phase: 'training',
    standstill: null,
    schedule: DEFAULT_SCHEDULE,
    problem: null,
    notice: null,
    network: {
      state: 'offline',
      server: 'ws://127.0.0.1:7600',
      since: minutesAgo(11),
      until: null,
      proxy: null,
      syncNow: null,
    },
    security: 'open-loopback',
    identity: null,
    backend: { name: 'tensorflow', isRequested: false, note: null },
    task: {
      id: 'digits',
      name: { en: 'Reading stamped digits', ja: '刻印数字の読み取り' },
      input: 'image',
      classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    },
    reading: null,
    model: null,
    drift: null,
    dataset: {
      path: '/srv/genba/toyohashi-2',
      training: 4812,
      validation: 534,
      skipped: 3,
      readAt: minutesAgo(240),
      change: null,
      isReachable: true,
      classes: [38, 1904, 21, 1630, 44, 12, 893, 140, 66, 64].map((count, digit) => ({
        name: String(digit),
        count,
      })),
    },
    round: {
      number: ROUND_COUNT + 1,
      epoch: 2,
      epochs: 3,
      batch: 284,
      batches: 453,
      loss: 0.084,
      startedAt: minutesAgo(1),
      remainingMs: 42_000,
    },
    roundLimit: null,
    queue: {
      roundsDone: ROUND_COUNT,
      roundsWaiting: ROUND_COUNT - FIRST_OFFLINE_ROUND + 1,
      updatesWaiting: 1,
      updatesDelivered: 8,
      updatesRefused: 0,
      roundsWaitingPeak: 4,
      lastSyncAt: minutesAgo(12),
    },
    held: null,
    refused: [],
    disk: null,
    base: { globalVersion: 61, staleness: 7, installedAt: minutesAgo(19) },
    history: history(),
  };
}

/** The same plant once its network is back and its queue is empty. */
export function onlinePlant(): AgentStatus {
  const plant = offlinePlant();
  return {
    ...plant,
    network: { ...plant.network, state: 'online', since: minutesAgo(0) },
    queue: { ...plant.queue, roundsWaiting: 0, updatesWaiting: 0, updatesDelivered: 9 },
  };
}

/** A plant that learns a number: no better than a guess at first. */
export function regressionPlant(): AgentStatus {
  const plant = onlinePlant();
  const scores = [-0.31, 0.64, 0.871];
  return {
    ...plant,
    history: scores.map((ownScore, index) => ({
      ...plant.history[0]!,
      ...{ round: index + 1, scoreKind: 'r-squared', ownScore, checkScore: null },
    })),
  };
}

const SITES = [
  { name: '仙台 Sendai', digits: '0 1 2 3', all: 0.921, own: 0.984, alone: 0.412 },
  { name: '名古屋 Nagoya', digits: '4 5 6', all: 0.874, own: 0.991, alone: 0.331 },
  { name: '福岡 Fukuoka', digits: '7 8 9', all: 0.918, own: 0.967, alone: 0.329 },
];

/** Three plants; the second one has lost its network. */
export function demoInProgress(): DemoStatus {
  return {
    phase: 'cut',
    elapsedSeconds: 96.4,
    globalVersion: 23,
    globalAccuracy: 0.9127,
    plants: SITES.map(({ name, digits, all, own }, index) => {
      const isCut = index === 1;
      return {
        name,
        digits,
        examples: 800,
        network: isCut ? 'offline' : 'online',
        roundsDone: isCut ? 11 : 10,
        roundsPlanned: 20,
        roundsWaiting: isCut ? 4 : 0,
        updatesDelivered: isCut ? 6 : 8,
        staleness: isCut ? null : 2,
        allAccuracy: all,
        ownAccuracy: own,
        localOnlyAccuracy: null,
        windowAddress: `http://127.0.0.1:${41_000 + index}/#token=${'0a'.repeat(32)}`,
      };
    }),
    curve: Array.from({ length: 23 }, (_, index) => ({
      seconds: 6 + index * 4,
      globalVersion: index + 1,
      accuracy: 0.9127 - 0.79 * Math.exp(-index / 3.5) - (index % 5 === 3 ? 0.015 : 0),
    })),
    summary: null,
  };
}

/** The same demo when all is delivered and compared. */
export function demoDone(): DemoStatus {
  const running = demoInProgress();
  return {
    ...running,
    phase: 'done',
    globalVersion: 27,
    globalAccuracy: 0.9412,
    elapsedSeconds: 131.2,
    curve: [
      ...running.curve,
      { seconds: 104, globalVersion: 25, accuracy: 0.936 },
      { seconds: 118, globalVersion: 27, accuracy: 0.9412 },
    ],
    plants: running.plants.map((plant, index) => ({
      ...plant,
      network: 'online',
      roundsDone: plant.roundsPlanned,
      roundsWaiting: 0,
      staleness: 1 + index,
      localOnlyAccuracy: SITES[index]?.alone ?? null,
    })),
    summary: {
      en: [
        'The shared model reads 94.1% of all digits; plants training alone reach 35.7% on average.',
        'One plant was cut off for 30 seconds: 0 rounds lost, 0 sent twice.',
      ],
      ja: [
        '共有モデルの正解率は全数字で94.1%、各拠点が単独で学習した場合は平均35.7%でした。',
        '1拠点の通信を30秒切りましたが、失われた学習は0回、重複した送信は0回でした。',
      ],
    },
  };
}
