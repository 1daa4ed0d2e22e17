import { setTimeout as delay } from 'node:timers/promises';
import type { Task } from '@genba/shared/model/task';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EngineBench } from '../testing/engine-bench.ts';
import { smallTask, trained } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import type { BaseRecord } from './catalogue.ts';
import { DEFAULT_RETENTION, type RetentionPolicy } from './retention-policy.ts';

/** Of the small task's vectors. */
const VECTOR_BYTES = 92;
const HOUR_MS = 60 * 60 * 1000;
const PLANTS = ['osaka', 'nagoya', 'sendai', 'fukuoka'] as const;
type Plant = (typeof PLANTS)[number];

const FEDERATIONS = [
  { reference: 'relay' },
  { reference: 'average' },
  { memory: {} },
  { strategy: 'fedasync' },
  { strategy: 'fedbuff', bufferSize: 2 },
  { strategy: 'fedavg', roundSize: 2, deadlineMs: 3 * HOUR_MS },
] as const;

const step = fc.record({
  plant: fc.constantFrom(...PLANTS),
  /** Whether the plant fetches its last answer before; one that does not gets the global weights if it is gone. */
  fetches: fc.boolean(),
  hours: fc.integer({ min: 0, max: 60 }),
  restarts: fc.constantFrom(false, false, false, true),
});

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

const story = fc.record({
  federation: fc.constantFrom(...FEDERATIONS),
  maxVectors: fc.integer({ min: 1, max: 14 }),
  keepVersions: fc.integer({ min: 1, max: 6 }),
  keepDays: fc.constantFrom(null, 0.5, 2),
  steps: fc.array(step, { minLength: 5, maxLength: 20 }),
});

/** What a plant holds by itself, whatever its server forgets. */
interface Held {
  readonly base: BaseRecord;
  readonly start: Float32Array;
}

/** Plays the gateway's part between plants and engine, under a clock of its own. */
class Story {
  readonly #folder: string;
  readonly #task: Task;
  readonly #policy: RetentionPolicy;
  readonly #held = new Map<Plant, Held>();
  #bench!: EngineBench;
  #nowMs = Date.parse('2026-11-23T06:00:00.000Z');
  #reports = 0;

  constructor(folder: string, task: Task, policy: RetentionPolicy) {
    this.#folder = folder;
    this.#task = task;
    this.#policy = policy;
  }

  async open(): Promise<void> {
    const now = () => new Date(this.#nowMs);
    this.#bench = await EngineBench.open(this.#folder, this.#task, undefined, { now, policy: this.#policy });
    // A round that is due is closed by a timer at once; then the server evicts.
    await delay(10);
    await this.#bench.engine.whenIdle();
    await this.#bench.retention.keepWithin();
  }

  async close(): Promise<void> {
    await this.#bench.close();
  }

  async play({ plant, fetches, hours, restarts }: Step): Promise<void> {
    this.#nowMs += hours * HOUR_MS;
    if (restarts) {
      await this.close();
      await this.open();
    }
    await this.#bench.retention.retire();
    await this.#bench.see(plant, new Date(this.#nowMs));
    if (!this.#held.has(plant)) await this.#begin(plant);
    else if (fetches) await this.#fetch(plant);
    await this.#report(plant);
    await this.#check();
  }

  async #record(plant: Plant) {
    const client = await this.#bench.store.catalogue.findClient(this.#task.id, plant);
    return client!;
  }

  async #begin(plant: Plant): Promise<void> {
    const base = await this.#bench.engine.join(plant);
    await this.#install(plant, base);
  }

  /** Installs what was issued last, or what replaces it. */
  async #fetch(plant: Plant): Promise<void> {
    const { base, isBaseEvicted } = await this.#record(plant);
    if (base!.baseId === this.#held.get(plant)!.base.baseId) return;
    const { baseId } = base!;
    await this.#install(
      plant,
      isBaseEvicted ? await this.#bench.engine.reissue({ clientId: plant, baseId }) : base!,
    );
  }

  async #install(plant: Plant, base: BaseRecord): Promise<void> {
    const start = await this.#bench.store.weights.read(base.weightsDigest);
    this.#held.set(plant, { base, start });
    expect(await this.#bench.engine.markInstalled({ clientId: plant, baseId: base.baseId })).toBe(true);
  }

  async #report(plant: Plant): Promise<void> {
    const { base, start } = this.#held.get(plant)!;
    const client = await this.#record(plant);
    const { store, engine } = this.#bench;
    // Its last update is in and its answer is not fetched, or not there: it has to wait.
    const { taskId, clientId, baseId } = client.base!;
    const next = { updateId: 'next', taskId, clientId, baseId };
    if (baseId !== base.baseId || (await store.catalogue.findOffered(next)).isBaseSpent) return;
    const missing = engine.missingFor(client);
    if (missing === 'start-weights') expect(await this.#bench.restore(plant, base, start)).toBe(true);
    if (missing === 'reference') return this.#begin(plant);
    const update = { updateId: crypto.randomUUID(), clientId: plant, baseId: base.baseId };
    await this.#bench.deliver({ ...update, weights: trained(start, ++this.#reports) });
    await engine.whenIdle();
    if ((await store.catalogue.findUpdate(update.updateId))!.state === 'received') {
      // A round that its deadline closed has evicted what was just restored: the plant is recalled.
      expect(engine.missingFor(await this.#record(plant))).toBe('start-weights');
      expect(await this.#bench.restore(plant, base, start)).toBe(true);
      await engine.whenIdle();
    }
    expect(await store.catalogue.findUpdate(update.updateId)).toMatchObject({ state: 'applied' });
  }

  /** Nothing that is needed is gone, nothing else is there, and the limit is kept wherever it can be. */
  async #check(): Promise<void> {
    const { engine, store, retention } = this.#bench;
    expect(engine.failedCount).toBe(0);
    const files = await store.weights.list();
    const kept = new Set(files);
    for (const digest of Object.values(engine.state.vectors)) expect(kept).toContain(digest);
    for (const plant of this.#held.keys()) {
      const client = await this.#record(plant);
      for (const digest of Object.values(client.vectors)) expect(kept).toContain(digest);
      if (client.base!.installedAt === null && !client.isBaseEvicted) {
        expect(kept).toContain(client.base!.weightsDigest);
      }
    }
    expect(await store.catalogue.unreferenced(files)).toEqual([]);
    expect(retention.usage.weightsBytes).toBe(files.length * VECTOR_BYTES);
    const { keptVersions } = await store.catalogue.summarise(this.#task.id);
    expect(keptVersions).toBeLessThanOrEqual(this.#policy.keepVersions);
    if (retention.usage.weightsBytes <= this.#policy.maxWeightsBytes!) return;
    // Over the limit, then, because all is needed.
    const all = { count: 1000, atTime: new Date(this.#nowMs).toISOString() };
    expect(await store.catalogue.evictOldestVersions(all)).toEqual([]);
    expect((await store.catalogue.evictFilesOfClients(all)).digests).toEqual([]);
  }
}

it('keeps what is needed and stays within the limit, whoever comes and goes', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ federation, maxVectors, keepVersions, keepDays, steps }) => {
      const maxWeightsBytes = maxVectors * VECTOR_BYTES;
      const policy = { ...DEFAULT_RETENTION, keepVersions, keepDays, maxWeightsBytes };
      const told = new Story(await temporaryFolder(), smallTask({ federation }), policy);
      await told.open();
      try {
        for (const each of steps) await told.play(each);
      } finally {
        await told.close();
      }
    }),
    { numRuns: 15 },
  );
}, 120_000);
