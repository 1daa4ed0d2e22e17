import { statSync } from 'node:fs';
import { join } from 'node:path';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ClientStore } from '../store/client-store.ts';
import { openAgentDatabase } from '../store/database.ts';
import { Outbox } from '../store/outbox.ts';
import { folderBytes } from './folder-size.ts';
import { worstCaseBytes } from './space-need.ts';

function taskOf(changes: object) {
  return parseTask({
    id: 'welds',
    name: { en: 'Welds', ja: '溶接' },
    input: { kind: 'table', columns: ['a'], labelColumn: 'label' },
    classes: ['OK', 'NG'],
    // So large that small things do not hide what a model takes.
    model: { template: 'mlp', hiddenUnits: [2000, 2000] },
    ...changes,
  });
}

const SERVER = taskOf({});
const CLIENT = taskOf({ federation: { reference: 'average', calibratedBy: 'client' } });
const AUTO = taskOf({
  federation: { reference: 'average', calibratedBy: 'auto' },
  updateEncoding: 'float16',
});

describe('worstCaseBytes', () => {
  it('grows with what the task asks of its clients', () => {
    const model = 4 * weightLayout(SERVER).size;
    expect(worstCaseBytes(SERVER)).toBeGreaterThan(6 * model);
    expect(worstCaseBytes(CLIENT) - worstCaseBytes(SERVER)).toBeGreaterThan(3 * model);
    expect(worstCaseBytes(AUTO)).toBeGreaterThan(worstCaseBytes(CLIENT));
  });

  it.each([
    ['the server calibrates', SERVER, 'install', 1],
    ['the client calibrates', CLIENT, 'install-as-reference', 1],
    ['deltas travel, and the client takes over', AUTO, 'install-and-reference', 2],
  ] as const)('is never exceeded where %s', (_, task, use, vectors) => {
    const { root } = temporaryFolder();
    const database = openAgentDatabase(root);
    onTestFinished(() => {
      database.close();
    });
    const client = new ClientStore(database);
    const outbox = new Outbox(database);
    const { size } = weightLayout(task);
    const filled = (value: number, count = 1) => new Float32Array(size * count).fill(value);
    client.saveTask(task);
    const model = 4 * size;
    let most = 0;
    // With a download beside it that is complete and not installed yet.
    const look = (downloadBytes = vectors * model) => {
      most = Math.max(most, folderBytes(root) + downloadBytes);
    };
    const first = use === 'install-as-reference' ? use : 'install';
    const from = { globalVersion: 0, staleness: null };
    client.install({ ...from, baseId: 'b0', updateId: null, use: first, weights: filled(0) });
    for (let turn = 1; turn <= 4; turn++) {
      for (let round = 1; round <= 2; round++) {
        const figures = {
          loss: 1,
          validationAccuracy: null,
          scores: null,
          durationMs: 1,
          backend: 'cpu',
        };
        client.commitRound({
          startWeights: client.weights()!,
          trainedWeights: client.weights()!.map((weight) => weight + 0.5),
          examples: 10,
          ...figures,
        });
        look();
      }
      const { updateId } = outbox.next()!;
      look();
      const isTakenOver = use === 'install-and-reference' && turn > 1;
      client.install({
        ...from,
        baseId: `b${turn}`,
        updateId,
        use: use === 'install-as-reference' || isTakenOver ? 'calibrate' : use,
        mixingWeight: 0.5,
        weights: filled(turn, use === 'install-and-reference' && !isTakenOver ? 2 : 1),
      });
      look();
    }
    expect(statSync(join(root, 'agent.sqlite-wal')).size).toBeGreaterThan(model);
    expect(most).toBeLessThanOrEqual(worstCaseBytes(task));
    // Nor is it so much that it would keep a PC with room from training.
    expect(most).toBeGreaterThan(worstCaseBytes(task) / 2);
  });
});
