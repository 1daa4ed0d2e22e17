import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, smallTask } from '@genba/aggregator-server/testing/fixtures';
import { catalogueContent, startForTest } from '@genba/aggregator-server/testing/gateway-bench';
import { temporaryFolder } from '@genba/aggregator-server/testing/temporary-folder';
import { DeviceStore } from '@genba/main/agent/identity/device-store';
import { FileKeyStore } from '@genba/main/agent/identity/key-store';
import { dialDirect } from '@genba/main/agent/network/dial';
import { ClientStore } from '@genba/main/agent/store/client-store';
import { openAgentDatabase } from '@genba/main/agent/store/database';
import { Ledger } from '@genba/main/agent/store/ledger';
import { Outbox } from '@genba/main/agent/store/outbox';
import { SyncClient } from '@genba/main/agent/sync/sync-client';
import { payloadBytes } from '@genba/shared/federation/encoding/payload-size';
import { UPDATE_ENCODINGS } from '@genba/shared/federation/encoding/update-encoding';
import { weightLayout } from '@genba/shared/model/layout';
import { seededRandom } from '@genba/shared/model/random';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

const SEED = 20261123;
const ROUNDS = 12;

/** An agent without a trainer: its own store, outbox and sync, and rounds that move weights by chance. */
async function startPlant(address: string) {
  const dataFolder = join(await temporaryFolder(), '第一工場 データ');
  const database = openAgentDatabase(dataFolder);
  const client = new ClientStore(database);
  const outbox = new Outbox(database);
  const refusals: string[] = [];
  const notices: string[] = [];
  const sync = new SyncClient({
    where: {
      targets: [{ address: `${address.replace('http', 'ws')}/genba`, anchor: null }],
      enrolledTask: null,
    },
    dial: dialDirect,
    log: pino({ level: 'silent' }),
    context: {
      device: new DeviceStore(database, new FileKeyStore(dataFolder)),
      client,
      outbox,
      ledger: new Ledger(database),
      dataFolder,
      appVersion: 'test',
      plantName: () => '第一工場',
      taskId: () => null,
      onWelcome: () => {},
      onChange: () => {},
      onReceipt: () => {},
      onInstalled: () => {},
      onSharedModel: () => {},
      onServerTime: () => {},
      onNotice: (notice) => notices.push(notice),
      onRefusal: (error) => refusals.push(error.code),
    },
  });
  sync.start();
  onTestFinished(() => {
    sync.stop();
    database.close();
  });
  await vi.waitUntil(() => client.base() !== null, { timeout: 10_000 });
  const random = seededRandom(SEED);
  /** What all rounds moved, in float64. */
  const progress = new Float64Array(client.weights()!.length);
  return {
    client,
    outbox,
    refusals,
    notices,
    progress,
    sent: () => sync.notify(),
    train() {
      const startWeights = client.weights()!;
      const trainedWeights = startWeights.map((weight, i) => {
        const moved = Math.fround(weight + (random() - 0.5) * (i % 3 === 0 ? 0.1 : 1e-4));
        progress[i]! += moved - weight;
        return moved;
      });
      client.commitRound({
        startWeights,
        trainedWeights,
        examples: 10,
        loss: 1,
        validationAccuracy: 0.5,
        scores: null,
        durationMs: 1,
        backend: 'cpu',
      });
    },
  };
}

describe.each(UPDATE_ENCODINGS)('a plant that sends %s', (updateEncoding) => {
  it('and its aggregator have the same weights, and nothing it learnt is lost', async () => {
    const task = smallTask({ updateEncoding, hiddenUnits: [40, 30] });
    const { address, dataFolder } = await startForTest({ tasks: [task] });
    const plant = await startPlant(address);
    const first = plant.client.weights()!;
    const digests: string[] = [];
    let lostCount = 0;
    for (let round = 0; round < ROUNDS; round++) {
      plant.train();
      // Every third update is of several rounds.
      if (round % 3 === 0) plant.train();
      if (round === ROUNDS / 2 && updateEncoding !== 'float32') {
        // The aggregator loses the start weights: this one update goes in full.
        const { weights_digest: digest } = catalogueContent(dataFolder).bases!.at(-1) as {
          weights_digest: string;
        };
        await rm(join(dataFolder, 'weights', digest.slice(0, 2), digest));
        lostCount++;
      }
      const update = plant.outbox.next()!;
      expect(update).toMatchObject({ encoding: updateEncoding, sha256: sha256(update.payload) });
      expect(update.payload.byteLength).toBe(payloadBytes(updateEncoding, weightLayout(task)));
      digests.push(update.weightsSha256 ?? update.sha256);
      plant.sent();
      await vi.waitUntil(() => !plant.outbox.isOutstanding(update.updateId), { timeout: 10_000 });
    }
    const updates = catalogueContent(dataFolder).updates as { digest: string; state: string }[];
    expect(updates.map(({ digest }) => digest)).toEqual(digests);
    expect(updates.every(({ state }) => state === 'applied')).toBe(true);
    expect({ refusals: plant.refusals, notices: plant.notices }).toEqual({ refusals: [], notices: [] });
    expect(lostCount).toBe(updateEncoding === 'float32' ? 0 : 1);

    // Alone, it gets back what it sent (relay): what it has is all it ever learnt, but for float32 rounding.
    const weights = plant.client.weights()!;
    weights.forEach((weight, i) => {
      const missing = weight - first[i]! - plant.progress[i]!;
      expect(Math.abs(missing)).toBeLessThanOrEqual(2 * ROUNDS * 2 ** -24 * (Math.abs(weight) + 1));
    });
  });
});
