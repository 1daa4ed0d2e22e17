/**
 * What a link that is cut again and again costs: a model of 25 M parameters down and up over TLS, through a proxy that
 * cuts every 2 seconds and lets so many MB/s through: `node bench/resume.ts [MB/s]`.
 * Prints a table, and the figures as JSON on the last line.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceIdentity } from '@genba/main/agent/identity/device-identity';
import { DeviceStore } from '@genba/main/agent/identity/device-store';
import { FileKeyStore } from '@genba/main/agent/identity/key-store';
import { type Dial, dialDirect } from '@genba/main/agent/network/dial';
import { ClientStore } from '@genba/main/agent/store/client-store';
import { openAgentDatabase } from '@genba/main/agent/store/database';
import { Ledger } from '@genba/main/agent/store/ledger';
import { Outbox } from '@genba/main/agent/store/outbox';
import { SettingsStore } from '@genba/main/agent/store/settings';
import { SyncClient } from '@genba/main/agent/sync/sync-client';
import { CuttingProxy } from '@genba/main/agent/testing/cutting-proxy';
import { seededRandom } from '@genba/shared/model/random';
import { pino } from 'pino';
import { machine, machineLine, rounded } from './figures.ts';

const CUT_AFTER_MS = 2_000;
const MEGABYTES_PER_SECOND = Number(process.argv[2] ?? 8);
const AGGREGATOR = path.resolve(import.meta.dirname, '../aggregator-server/cli.ts');

const TASK = {
  id: 'bench',
  name: { en: 'Bench', ja: 'ベンチ' },
  input: { kind: 'table', columns: ['a', 'b', 'c', 'd'], labelColumn: 'label' },
  classes: ['ok', 'ng'],
  model: { template: 'mlp', hiddenUnits: [4992, 4992] },
};

const log = pino({ level: 'silent' });
const nothing = () => {};

/** An agent's stores and identity, enrolled over a good link; it syncs over the one given. */
async function openPlant(folder: string, invitation: string, dial: Dial) {
  const database = openAgentDatabase(folder);
  const device = new DeviceStore(database, new FileKeyStore(folder));
  const client = new ClientStore(database);
  const outbox = new Outbox(database);
  const settings = new SettingsStore(database, 'bench');
  const identity = new DeviceIdentity({
    device,
    client,
    settings,
    appVersion: 'bench',
    dial: dialDirect,
    log,
  });
  await identity.enrol(invitation, nothing);
  const sync = new SyncClient({
    where: identity.syncTargets()!,
    dial,
    log,
    context: {
      device,
      client,
      outbox,
      ledger: new Ledger(database),
      dataFolder: folder,
      appVersion: 'bench',
      plantName: () => 'bench',
      taskId: () => TASK.id,
      onServerTime: nothing,
      onWelcome: nothing,
      onChange: nothing,
      onReceipt: nothing,
      onNotice: nothing,
      onInstalled: nothing,
      onSharedModel: nothing,
      onRefusal: (error) => console.error(error.message),
    },
  });
  sync.start();
  const close = () => {
    sync.stop();
    database.close();
  };
  return { client, outbox, sync, close };
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await sleep(10);
}

async function main(folder: string): Promise<void> {
  const task = path.join(folder, 'task.json');
  const data = path.join(folder, 'aggregator');
  writeFileSync(task, JSON.stringify(TASK));
  const server = spawn(
    process.execPath,
    [AGGREGATOR, '--data', data, '--task', task, '--host', '127.0.0.1', '--port', '0'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  try {
    const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
    const port = Number(/:(\d+)\D*$/.exec(line)![1]);
    const wish = ['invite', '--data', data, '--plant', 'bench', '--task', TASK.id];
    const said = execFileSync(process.execPath, [AGGREGATOR, ...wish], { encoding: 'utf8' });
    await measure(folder, { port, invitation: /^genba:\S+$/m.exec(said)![0] });
  } finally {
    server.kill('SIGKILL');
  }
}

async function measure(
  folder: string,
  { port, invitation }: { readonly port: number; readonly invitation: string },
): Promise<void> {
  const bytesPerSecond = MEGABYTES_PER_SECOND * 1e6;
  const link = await CuttingProxy.start({ port, cutAfterMs: CUT_AFTER_MS, bytesPerSecond });
  const dial: Dial = async () => {
    const socket = connect({ host: '127.0.0.1', port: link.port, noDelay: true });
    await once(socket, 'connect');
    return socket;
  };
  const plant = await openPlant(path.join(folder, 'plant'), invitation, dial);
  const transfer = async (direction: 'down' | 'up', isDone: () => boolean) => {
    const [cuts, carried, startedMs] = [link.cuts, link[direction], performance.now()];
    await until(isDone);
    const sizeBytes = plant.client.weights()!.byteLength;
    const resent = link[direction] - carried - sizeBytes;
    return {
      direction,
      seconds: rounded((performance.now() - startedMs) / 1000, 1),
      cuts: link.cuts - cuts,
      megabytes: rounded(sizeBytes / 1e6, 1),
      // Whatever was carried beyond the model: sent twice, and what surrounds it (TLS, frames, handshakes).
      surplusPercent: rounded((100 * resent) / sizeBytes, 3),
    };
  };
  const rows = [await transfer('down', () => plant.client.base() !== null)];
  const random = seededRandom(1);
  const startWeights = plant.client.weights()!;
  const figures = { loss: 1, validationAccuracy: null, scores: null, durationMs: 1, backend: 'bench' };
  const trainedWeights = startWeights.map((weight) => weight + (random() - 0.5) / 100);
  plant.client.commitRound({ startWeights, trainedWeights, examples: 10, ...figures });
  plant.sync.notify();
  rows.push(await transfer('up', () => plant.outbox.figures().updatesDelivered === 1));
  console.table(rows);
  console.log(JSON.stringify({ machine: machine(), megabytesPerSecond: MEGABYTES_PER_SECOND, rows }));
  plant.close();
  link.close();
}

const root = mkdtempSync(path.join(tmpdir(), 'genba-resume-'));
console.log(`${machineLine()}; ${MEGABYTES_PER_SECOND} MB/s, cut every ${CUT_AFTER_MS / 1000} s`);
try {
  await main(root);
} finally {
  rmSync(root, { recursive: true, force: true });
}
process.exit();
