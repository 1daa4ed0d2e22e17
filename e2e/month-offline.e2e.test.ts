import { statSync } from 'node:fs';
import { join } from 'node:path';
import { smallTask } from '@genba/aggregator-server/testing/fixtures';
import { catalogueContent, startForTest } from '@genba/aggregator-server/testing/gateway-bench';
import { temporaryFolder } from '@genba/aggregator-server/testing/temporary-folder';
import { ClientStore } from '@genba/main/agent/store/client-store';
import { openAgentDatabase } from '@genba/main/agent/store/database';
import { readHistory } from '@genba/main/agent/store/history';
import { Ledger } from '@genba/main/agent/store/ledger';
import { Outbox } from '@genba/main/agent/store/outbox';
import { payloadBytes } from '@genba/shared/federation/encoding/payload-size';
import { weightLayout } from '@genba/shared/model/layout';
import { expect, it, onTestFinished } from 'vitest';
import { SyncedPlant } from './synced-plant.ts';
import { WebSocketRelay } from './websocket-relay.ts';

const DAYS = 30;
const ROUNDS = DAYS * 24;
const HOUR_MS = 3_600_000;
/** The PC is switched off and on that often meanwhile. */
const ROUNDS_PER_START = 100;
/** What history may add to the file in a month, bytes: no model is among it. */
const HISTORY_BYTES = 512 * 1024;

const TASK = smallTask({ hiddenUnits: [312, 312] });
const UPDATE_BYTES = payloadBytes('float32', weightLayout(TASK));

/** Bytes of models that wait to be sent. */
function outboxBytes(database: ReturnType<typeof openAgentDatabase>): number {
  const waiting = `
    SELECT COALESCE((SELECT length(bytes) FROM weights WHERE name = 'sent'), 0)
         + COALESCE((SELECT SUM(length(bytes)) FROM outgoing), 0)
         + COALESCE((SELECT length(weights.bytes) FROM weights JOIN outbox ON state = 'pending' WHERE name = 'own'), 0)`;
  return database.prepare(waiting).pluck().get() as number;
}

const fileBytes = (folder: string) =>
  ['agent.sqlite', 'agent.sqlite-wal']
    .map((file) => statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);

/** A month of rounds, one an hour, without a network; the clock is given, all else is the agent's own. */
function spendMonthOffline(folder: string): {
  readonly mostOutboxBytes: number;
  readonly growthBytes: number;
} {
  const startMs = Date.now();
  let mostOutboxBytes = 0;
  let firstDayBytes = 0;
  for (let done = 0; done < ROUNDS; ) {
    const now = () => new Date(startMs + done * HOUR_MS);
    const database = openAgentDatabase(folder);
    // Nothing here is about a power cut, and the month is to pass quickly.
    database.pragma('synchronous = OFF');
    const client = new ClientStore(database, now);
    const outbox = new Outbox(database, now);
    for (const end = Math.min(ROUNDS, done + ROUNDS_PER_START); done < end; ) {
      done += 1;
      const startWeights = client.weights()!;
      client.commitRound({
        startWeights,
        trainedWeights: startWeights.map((weight, i) => weight + ((i % 7) - 3) * 1e-5),
        examples: 100,
        loss: 1,
        validationAccuracy: 0.5,
        scores: null,
        durationMs: 60_000,
        backend: 'cpu',
      });
      mostOutboxBytes = Math.max(mostOutboxBytes, outboxBytes(database));
      expect(outbox.figures().updatesWaiting).toBeLessThanOrEqual(2);
      if (done === 24) firstDayBytes = fileBytes(folder);
    }
    database.close();
  }
  return { mostOutboxBytes, growthBytes: fileBytes(folder) - firstDayBytes };
}

async function start() {
  const aggregator = await startForTest({ tasks: [TASK] });
  const relay = await WebSocketRelay.start(aggregator.address);
  onTestFinished(() => relay.close());
  const folder = join(await temporaryFolder(), '山田 太郎', 'データ');
  const plant = new SyncedPlant({
    dataFolder: folder,
    address: relay.address,
    name: '豊橋',
    taskId: TASK.id,
  });
  await plant.ready();
  plant.train(1);
  plant.offer();
  await plant.installed(1);
  const updates = () =>
    catalogueContent(aggregator.dataFolder).updates as { rounds: number; state: string }[];
  const offers = () => relay.said.filter((type) => type === 'update/offer').length;
  return { relay, folder, plant, updates, offers };
}

it('comes back from a month offline in one transfer, with no more waiting than two updates', async () => {
  const { relay, folder, plant, updates, offers } = await start();
  plant.close();
  const [offersBefore, bytesBefore] = [offers(), relay.uploadedBytes];
  const { mostOutboxBytes, growthBytes } = spendMonthOffline(folder);
  expect(mostOutboxBytes).toBeGreaterThan(0);
  expect(mostOutboxBytes).toBeLessThanOrEqual(2 * UPDATE_BYTES);
  expect(growthBytes).toBeLessThanOrEqual(HISTORY_BYTES);

  plant.open();
  onTestFinished(() => plant.close());
  await plant.installed(2);
  expect(offers() - offersBefore).toBe(1);
  expect(relay.uploadedBytes - bytesBefore).toBe(UPDATE_BYTES);
  expect(updates()).toMatchObject([
    { rounds: 1, state: 'applied' },
    { rounds: ROUNDS, state: 'applied' },
  ]);
  // And this PC can show it.
  const { entries } = plant.ledger.read({ since: null, until: null, after: 0 });
  expect(entries).toMatchObject([
    { rounds: 1, sentBytes: UPDATE_BYTES, outcome: 'complete' },
    { rounds: ROUNDS, firstRound: 2, lastRound: ROUNDS + 1, sentBytes: UPDATE_BYTES, outcome: 'complete' },
  ]);
  expect(plant.outbox.figures()).toMatchObject({
    roundsDone: ROUNDS + 1,
    roundsWaiting: 0,
    updatesDelivered: 2,
  });
});

it('comes back with an update that was cut off on its way before the month began: two transfers, nothing twice', async () => {
  const { relay, folder, plant, updates, offers } = await start();
  plant.train(2);
  // Frozen, and the cable is out before anything of it was said.
  const cutOff = plant.outbox.next()!;
  plant.close();
  const [offersBefore, bytesBefore] = [offers(), relay.uploadedBytes];
  const { mostOutboxBytes } = spendMonthOffline(folder);
  expect(mostOutboxBytes).toBe(2 * UPDATE_BYTES);

  const database = openAgentDatabase(folder);
  expect(readHistory(database, 2 * ROUNDS).filter(({ event }) => event === 'round')).toHaveLength(ROUNDS + 2);
  expect(new Outbox(database).next()).toEqual(cutOff);
  expect(new Ledger(database).read({ since: null, until: null, after: 1 }).entries).toEqual([]);
  database.close();

  plant.open();
  onTestFinished(() => plant.close());
  await plant.installed(3);
  expect(offers() - offersBefore).toBe(2);
  expect(relay.uploadedBytes - bytesBefore).toBe(2 * UPDATE_BYTES);
  expect(updates()).toMatchObject([{ rounds: 1 }, { rounds: 1 }, { rounds: ROUNDS }]);
});
