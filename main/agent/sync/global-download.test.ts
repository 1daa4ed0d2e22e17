import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import type { ClientMessage, GlobalOffer } from '@genba/shared/protocol/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ClientStore } from '../store/client-store.ts';
import { openAgentDatabase } from '../store/database.ts';
import { ModelTable } from '../store/model-table.ts';
import { Outbox } from '../store/outbox.ts';
import { toBytes } from '../store/weights-blob.ts';
import { GlobalDownload } from './global-download.ts';
import { RateLimit } from './rate-limit.ts';
import { TransferPace } from './transfer-pace.ts';

const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [1] },
});
const SIZE = weightLayout(TASK).size;
const filled = (value: number) => new Float32Array(SIZE).fill(value);

function offerOf(weights: Float32Array, globalVersion = 5): GlobalOffer {
  const bytes = toBytes(weights);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { type: 'global/offer', globalVersion, sizeBytes: bytes.byteLength, sha256 };
}

/** A plant that has synced once: its start weights are all 3. */
function plant({ bytesPerSecond = null }: { bytesPerSecond?: number | null } = {}) {
  const { root } = temporaryFolder();
  const database = openAgentDatabase(root);
  onTestFinished(() => {
    database.close();
  });
  const client = new ClientStore(database);
  client.saveTask(TASK);
  const from = { globalVersion: 0, staleness: null };
  client.install({ ...from, baseId: 'b0', updateId: null, weights: filled(0) });
  const reply = (baseId: string, value: number) => {
    client.commitRound({
      startWeights: client.weights()!,
      trainedWeights: filled(value - 1),
      examples: 1,
      loss: 1,
      validationAccuracy: null,
      scores: null,
      durationMs: 1,
      backend: 'cpu',
    });
    const { updateId } = new Outbox(database).next()!;
    client.install({ ...from, baseId, updateId, weights: filled(value) });
  };
  reply('b1', 3);
  const said: ClientMessage[] = [];
  let keptCount = 0;
  const open = () =>
    new GlobalDownload({
      dataFolder: root,
      client,
      pace: new TransferPace(),
      limit: new RateLimit(bytesPerSecond),
      say: (message) => said.push(message),
      onKept: () => (keptCount += 1),
    });
  const models = new ModelTable(database);
  return {
    open,
    said,
    reply,
    kept: () => keptCount,
    shared: () => models.weights('shared'),
    row: () => models.find('shared'),
    folder: path.join(root, 'downloads-global'),
  };
}

const G = filled(7);

describe('the global weights', () => {
  it('are fetched once per sync, also over a cut, and belong to that sync', () => {
    const here = plant();
    expect(here.shared()).toBeNull();
    const [offer, bytes] = [offerOf(G), toBytes(G)];
    const first = here.open();
    first.offered(offer, false);
    expect(here.said).toEqual([{ type: 'global/resume', sha256: offer.sha256, offset: 0 }]);
    first.announced({ type: 'global/data', sha256: offer.sha256, transfer: 4, offset: 0 });
    expect(first.receive({ transfer: 3, offset: 0, payload: bytes })).toBe(false);
    expect(first.receive({ transfer: 4, offset: 0, payload: bytes.subarray(0, 8) })).toBe(true);

    const second = here.open();
    second.offered(offer, false);
    expect(here.said[1]).toMatchObject({ offset: 8 });
    second.announced({ type: 'global/data', sha256: offer.sha256, transfer: 1, offset: 8 });
    second.receive({ transfer: 1, offset: 8, payload: bytes.subarray(8) });
    expect(here.shared()).toEqual(G);
    expect(here.row()).toMatchObject({ baseId: 'b1', globalVersion: 5, round: 1 });
    expect(here.kept()).toBe(1);
    expect(existsSync(here.folder)).toBe(false);

    second.offered(offerOf(filled(8)), false);
    expect(here.said).toHaveLength(2);
  });

  it.each([
    ['while other weights are coming', offerOf(G), true, null],
    ['of another model', { ...offerOf(G), sizeBytes: 4 }, false, null],
    ['over a link on which they would take minutes', offerOf(G), false, 0.1],
  ])('are not fetched %s', (_, offer, isBusy, bytesPerSecond) => {
    const here = plant({ bytesPerSecond });
    here.open().offered(offer, isBusy);
    expect(here.said).toEqual([]);
  });

  it('are not fetched where the plant has them: as what it was sent', () => {
    const here = plant();
    here.open().offered(offerOf(filled(3)), false);
    expect(here.said).toEqual([]);
    expect(here.shared()).toEqual(filled(3));
    expect(here.kept()).toBe(1);
  });

  it('give way to start weights, and are not kept for a sync they are not of', () => {
    const here = plant();
    const offer = offerOf(G);
    const download = here.open();
    download.offered(offer, false);
    download.announced({ type: 'global/data', sha256: offer.sha256, transfer: 1, offset: 0 });
    here.reply('b2', 9);
    download.receive({ transfer: 1, offset: 0, payload: toBytes(G) });
    expect(here.shared()).toBeNull();
    download.offered(offer, false);
    download.giveWay();
    expect(download.receive({ transfer: 1, offset: 0, payload: toBytes(G) })).toBe(false);
    expect(existsSync(here.folder)).toBe(false);
  });

  it('end with an error about them, or with damage, and leave the conversation alone', () => {
    const here = plant();
    const offer = offerOf(G);
    const download = here.open();
    download.offered(offer, false);
    expect(download.failed('another')).toBe(false);
    expect(download.failed(offer.sha256)).toBe(true);
    expect(download.failed(offer.sha256)).toBe(false);
    download.offered(offer, false);
    download.announced({ type: 'global/data', sha256: offer.sha256, transfer: 1, offset: 0 });
    download.receive({ transfer: 1, offset: 0, payload: toBytes(filled(8)) });
    expect(here.shared()).toBeNull();
    expect(here.kept()).toBe(0);
  });
});
