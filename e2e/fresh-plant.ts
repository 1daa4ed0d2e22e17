import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { DataPreview } from '@genba/shared/local-api/preview';
import { offlinePlant } from './fake-status.ts';

/** A plant that knows nothing yet. */
export function freshPlant(): AgentStatus {
  const plant = offlinePlant();
  const network = { ...plant.network, server: null };
  const empty = { round: null, history: [], dataset: null, base: null, backend: null, task: null };
  return { ...plant, ...empty, network, phase: 'unconfigured' as const, security: null, plantName: 'PC-07' };
}

/** What an agent finds in a folder with photos. */
export const LOOK: DataPreview = {
  path: '/srv/写真',
  kind: 'images',
  unit: 'picture',
  isTaskKnown: true,
  problem: null,
  examples: 412,
  isWhole: true,
  classes: [
    { name: 'OK', count: 380 },
    { name: 'NG', count: 32 },
  ],
  skipped: 2,
  skippedItems: [{ item: 'NG/写真 9.png', reason: 'cut short' }],
  table: null,
  pictures: {
    opened: 40,
    smallest: { width: 96, height: 96 },
    largest: { width: 96, height: 96 },
    samples: [],
  },
  split: { by: 'example', column: null, training: 330, validation: 82, groups: null },
  checks: [{ kind: 'rare-class', name: 'NG', count: 12, wanted: 20 }],
};
