/**
 * What a month without a network leaves on a plant's disk: 30 days with a round every hour, an update that was cut off
 * before, and a restart a day: `node bench/month-offline.ts`.
 * Prints a table, and the figures as JSON on the last line.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientStore } from '@genba/main/agent/store/client-store';
import { openAgentDatabase } from '@genba/main/agent/store/database';
import { Outbox } from '@genba/main/agent/store/outbox';
import { payloadBytes } from '@genba/shared/federation/encoding/payload-size';
import { weightLayout } from '@genba/shared/model/layout';
import { benchTask } from './bench-task.ts';
import { machine, machineLine, median, rounded, slope } from './figures.ts';

const DAYS = 30;
const ROUNDS_PER_DAY = 24;
const HOUR_MS = 3_600_000;
const task = benchTask('100 k');
const updateBytes = payloadBytes('float32', weightLayout(task));
const folder = mkdtempSync(join(tmpdir(), 'genba month '));

const sizeOf = (file: string) => statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0;

let nowMs = Date.parse('2026-11-01T00:00:00Z');
const commitMs: number[] = [];

/** One start of the agent: its stores at the given clock. */
function live(act: (client: ClientStore, outbox: Outbox) => void): void {
  const database = openAgentDatabase(folder);
  const now = () => new Date(nowMs);
  act(new ClientStore(database, now), new Outbox(database, now));
  database.close();
}

function train(client: ClientStore): void {
  const startWeights = client.weights()!;
  const trainedWeights = startWeights.map((weight, i) => weight + ((i % 7) - 3) * 1e-5);
  const figures = {
    loss: 1,
    validationAccuracy: 0.5,
    scores: { kind: 'balanced-accuracy' as const, own: 0.5, check: null },
    durationMs: 60_000,
    backend: 'cpu',
  };
  const before = performance.now();
  client.commitRound({ startWeights, trainedWeights, examples: 100, ...figures });
  commitMs.push(performance.now() - before);
  nowMs += HOUR_MS;
}

live((client, outbox) => {
  client.saveTask(task);
  const first = { baseId: 'first', globalVersion: 0, staleness: null, updateId: null };
  client.install({ ...first, weights: new Float32Array(weightLayout(task).size) });
  train(client);
  outbox.next();
});
const days: { day: number; fileBytes: number; walBytes: number; updatesWaiting: number }[] = [];
for (let day = 1; day <= DAYS; day++) {
  live((client, outbox) => {
    for (let round = 0; round < ROUNDS_PER_DAY; round++) train(client);
    days.push({
      day,
      fileBytes: sizeOf('agent.sqlite'),
      walBytes: sizeOf('agent.sqlite-wal'),
      updatesWaiting: outbox.figures().updatesWaiting,
    });
  });
}
rmSync(folder, { recursive: true });

const bytesPerRound = slope(days.map(({ day, fileBytes }) => ({ x: day, y: fileBytes }))) / ROUNDS_PER_DAY;
const figures = {
  updateBytes,
  rounds: 1 + DAYS * ROUNDS_PER_DAY,
  days: days.filter(({ day }) => day === 1 || day % 10 === 0),
  bytesPerRound: rounded(bytesPerRound, 0),
  medianCommitMs: rounded(median(commitMs), 1),
};
console.log(machineLine());
console.log(`one update is ${updateBytes} bytes`);
console.table(figures.days);
console.log(
  `the file grows by ${figures.bytesPerRound} bytes a round; to keep one takes ${figures.medianCommitMs} ms`,
);
console.log(JSON.stringify({ machine: machine(), ...figures }));
