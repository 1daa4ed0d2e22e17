import type { AgentStatus } from '@genba/shared/local-api/messages';
import { DEFAULT_SCHEDULE } from '@genba/shared/local-api/schedule';

const at = '2026-11-20T09:00:00.000Z';

/** A plant that trains online with nothing waiting; tests change what they are about. */
export function plantStatus(change: Partial<AgentStatus> = {}): AgentStatus {
  return {
    appVersion: '0.1.0',
    clientId: 'client-1',
    plantName: 'Toyohashi',
    phase: 'training',
    standstill: null,
    schedule: DEFAULT_SCHEDULE,
    problem: null,
    notice: null,
    network: {
      state: 'online',
      server: '127.0.0.1:7600',
      since: at,
      until: null,
      proxy: null,
      syncNow: null,
    },
    security: 'open-loopback',
    identity: null,
    backend: { name: 'cpu', isRequested: false, note: null },
    task: null,
    dataset: null,
    reading: null,
    model: null,
    drift: null,
    round: null,
    roundLimit: null,
    queue: {
      roundsDone: 1,
      roundsWaiting: 0,
      updatesWaiting: 0,
      updatesDelivered: 1,
      updatesRefused: 0,
      roundsWaitingPeak: 1,
      lastSyncAt: at,
    },
    held: null,
    refused: [],
    disk: null,
    base: null,
    history: [
      {
        ...{ at, event: 'round', round: 1, globalVersion: 0, loss: 0.5 },
        ...{ scoreKind: 'accuracy', ownScore: 0.8, checkScore: null },
      },
    ],
    ...change,
  };
}
