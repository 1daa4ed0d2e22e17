import { createHash } from 'node:crypto';
import path from 'node:path';
import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { initialWeights } from '@genba/shared/model/initial-weights';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { PROGRAMS } from '../program.ts';
import { CHAOS_TASK, type Plant, run, type World } from './world.ts';

interface UpdateRow {
  readonly id: string;
  readonly clientId: string;
  readonly baseId: string;
  readonly rounds: number;
  readonly examples: number;
  readonly state: string;
  readonly effect: string | null;
  readonly digest: string;
  readonly versionAfter: number;
  readonly receivedAt: string;
}

/** Which rounds of each plant are contained in updates that were applied; ascending, one as often as it is contained. */
export type AppliedRounds = Record<string, readonly number[]>;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Opens a database that nobody uses any more. */
function openSound(file: string): Database.Database {
  const database = new Database(file, { readonly: true });
  expect(database.pragma('integrity_check'), file).toEqual([{ integrity_check: 'ok' }]);
  expect(database.pragma('foreign_key_check'), file).toEqual([]);
  return database;
}

/** What a world has come to. */
export interface Account {
  readonly applied: AppliedRounds;
  readonly updateCount: number;
}

/** Checks everything that a world has written down, after its end; see the parts. */
export async function audit(world: World, rounds: number): Promise<Account> {
  const folder = world.aggregatorFolder;
  const catalogue = openSound(path.join(folder, 'catalogue.sqlite'));
  try {
    const updates = catalogue
      .prepare(
        `SELECT id, client_id AS clientId, base_id AS baseId, rounds, examples, state, effect, digest,
                version_after AS versionAfter, received_at AS receivedAt FROM updates ORDER BY version_after`,
      )
      .all() as UpdateRow[];
    // Each update that was ever journaled is merged, once, and nothing else has moved the model.
    expect(updates.filter(({ state, effect }) => state !== 'applied' || effect !== 'merged')).toEqual([]);
    expect(updates.map(({ versionAfter }) => versionAfter)).toEqual(updates.map((_, index) => index + 1));
    const applied = Object.fromEntries(
      world.plants.map((plant) => [plant.name, auditPlant(plant, { catalogue, updates, rounds })]),
    );
    replay(world, catalogue, updates);
    return { applied, updateCount: updates.length };
  } finally {
    catalogue.close();
    // Files, digests and the chain of the audit record; it fails where something is wrong.
    await run(PROGRAMS.aggregator, ['verify', '--data', folder]);
  }
}

/** Every round of a plant is contained in exactly one applied update, and nothing of the plant is left unsaid. */
function auditPlant(
  { name, disk }: Plant,
  known: { catalogue: Database.Database; updates: readonly UpdateRow[]; rounds: number },
): number[] {
  const database = openSound(path.join(disk.folder, 'agent.sqlite'));
  const { catalogue, updates, rounds } = known;
  try {
    const kept = database
      .prepare('SELECT number, update_id AS updateId FROM round ORDER BY number')
      .all() as {
      number: number;
      updateId: string;
    }[];
    expect(
      kept.map(({ number }) => number),
      name,
    ).toEqual(Array.from({ length: rounds }, (_, index) => index + 1));
    const queue = database.prepare('SELECT DISTINCT state FROM outbox').pluck().all();
    expect(queue, name).toEqual(['done']);
    const [client] = database.prepare('SELECT client_id AS id, base_id AS baseId FROM client').all() as [
      { id: string; baseId: string },
    ];
    const own = updates.filter(({ clientId }) => clientId === client.id);
    const roundsOf = (updateId: string) => kept.filter((round) => round.updateId === updateId);
    expect(own.map(({ id }) => id).sort(), name).toEqual([...new Set(kept.map((r) => r.updateId))].sort());
    for (const { id, rounds: told } of own) expect(told, `${name} ${id}`).toBe(roundsOf(id).length);
    // All progress is in updates that were answered: what the plant has now is what the aggregator sent it last.
    const weights = database.prepare('SELECT bytes FROM weights WHERE name = ?').pluck();
    const [ownDigest, startDigest] = ['own', 'start'].map((which) => sha256(weights.get(which) as Buffer));
    expect(ownDigest, name).toBe(startDigest);
    const base = catalogue.prepare(
      'SELECT id, weights_digest AS digest, installed_at AS installedAt FROM bases',
    );
    const current = (base.all() as { id: string; digest: string; installedAt: string | null }[]).find(
      ({ id }) => id === client.baseId,
    );
    expect(current, name).toMatchObject({ digest: startDigest, installedAt: expect.any(String) });
    return own.flatMap(({ id }) => roundsOf(id).map(({ number }) => number)).sort((a, b) => a - b);
  } finally {
    database.close();
  }
}

/** Does all merges again, from the first weights on, with nothing but the journaled updates: the same bits come out. */
function replay(world: World, catalogue: Database.Database, updates: readonly UpdateRow[]): void {
  const task = parseTask(CHAOS_TASK);
  const layout = weightLayout(task);
  const strategy = createStrategy(task.federation, layout);
  const first = initialWeights(layout, task.seed);
  let server = strategy.open(first);
  const starts = new Map<string, { readonly weights: Float32Array; readonly version: number }>();
  const versionOfBase = catalogue.prepare('SELECT version FROM bases WHERE id = ?').pluck();
  const startOfBase = catalogue.prepare('SELECT weights_digest FROM bases WHERE id = ?').pluck();
  for (const { clientId, baseId, digest, examples, receivedAt } of updates) {
    const joined = {
      weights: world.vector(startOfBase.get(baseId) as string),
      version: versionOfBase.get(baseId),
    };
    const start = starts.get(clientId) ?? (joined as { weights: Float32Array; version: number });
    const client = {
      baseVersion: start.version,
      isHeld: false,
      scalars: {},
      vectors: { startWeights: start.weights },
    };
    const report = { weights: world.vector(digest), examples, receivedAtMs: Date.parse(receivedAt) };
    const outcome = strategy.step(server, client, report);
    server = outcome.server;
    if (outcome.reply?.kind !== 'weights') throw new Error('the reply to a relay is weights');
    starts.set(clientId, { weights: outcome.reply.weights, version: server.version });
  }
  const digestOf = (vector: Float32Array) =>
    sha256(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
  const replayed = Object.fromEntries(
    Object.entries(server.vectors).map(([name, vector]) => [name, digestOf(vector)]),
  );
  const stored = catalogue.prepare('SELECT name, digest FROM task_vectors').all() as {
    name: string;
    digest: string;
  }[];
  expect(replayed).toEqual(Object.fromEntries(stored.map(({ name, digest }) => [name, digest])));
  for (const [clientId, { weights }] of starts) {
    const sent = catalogue.prepare(
      'SELECT weights_digest FROM bases JOIN clients ON bases.id = clients.base_id WHERE clients.client_id = ?',
    );
    expect(digestOf(weights)).toBe(sent.pluck().get(clientId));
  }
}
