import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { TEMPORARY_FOLDER } from '../store/vector-files.ts';
import { EngineBench } from '../testing/engine-bench.ts';
import { bytesOf, SERVED_FEDERATIONS, sha256, smallTask, trained } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import type { StoredReport } from './merge-runner.ts';
import { StrategyRunner } from './strategy-runner.ts';

const PLANTS = ['osaka', 'nagoya'] as const;
const START_MS = Date.parse('2026-11-23T06:00:00.000Z');

/** Tells of which updates steps were foreseen, and of which they were made. */
class WatchedRunner extends StrategyRunner {
  readonly foreseen: string[] = [];
  /** Set while what is foreseen is to be wrong in its bytes, so that a result shows whether it was used. */
  spoil: ((bytes: Uint8Array) => void) | null = null;

  override async foresee(...[state, client, report]: Parameters<StrategyRunner['foresee']>): Promise<void> {
    this.foreseen.push(report.digest);
    await super.foresee(state, client, report);
    this.spoil?.(report.proved!);
  }
}

interface Opened {
  readonly bench: EngineBench;
  readonly runner: WatchedRunner;
}

async function open(federation: object): Promise<Opened> {
  let runner: WatchedRunner | undefined;
  const bench = await EngineBench.open(await temporaryFolder(), smallTask({ federation }), undefined, {
    now: () => new Date(START_MS),
    startRunner: (start) => {
      runner = new WatchedRunner(start);
      return runner;
    },
  });
  onTestFinished(() => bench.close());
  for (const plant of PLANTS) await bench.join(plant);
  return { bench, runner: runner! };
}

/** An update on a client's base; `expect` hands it over as the gateway does while its file is being synced. */
async function updateOf({ bench }: Opened, clientId: string, seed: number) {
  const { base, weights: start } = await bench.baseOf(clientId);
  const weights = trained(start, seed);
  const bytes = bytesOf(weights);
  const digest = sha256(bytes);
  const ids = { updateId: crypto.randomUUID(), clientId, baseId: base.baseId };
  const client = (await bench.store.catalogue.findClient(bench.engine.task.id, clientId))!;
  return {
    digest,
    client,
    expect: (offeredBy = client) => {
      const room = bench.store.proved.lend(bytes.byteLength)!;
      room.set(bytes);
      bench.store.proved.keep(digest, room);
      bench.engine.expect({ updateId: ids.updateId, client: offeredBy, digest, examples: 10 });
    },
    deliver: () => bench.deliver({ ...ids, weights }),
    giveUp: () => bench.engine.giveUp(ids.updateId),
  };
}

/** Files that a step has staged and nobody has taken in. */
function stagedFiles({ bench }: Opened): Promise<string[]> {
  return readdir(join(bench.store.weights.folder, TEMPORARY_FOLDER));
}

async function outcomeOf({ bench }: Opened): Promise<object> {
  await bench.engine.whenIdle();
  return {
    state: bench.engine.state,
    clients: await bench.standingsOf(PLANTS),
    files: (await bench.store.weights.list()).sort(),
  };
}

it.each(Object.entries(SERVED_FEDERATIONS))(
  'under %s, what was foreseen comes to the same bits',
  async (_name, federation) => {
    const outcomes: object[] = [];
    for (const isExpected of [true, false]) {
      const opened = await open(federation);
      for (let seed = 0; seed < 4; seed++) {
        const update = await updateOf(opened, PLANTS[seed % 2]!, seed);
        if (isExpected) update.expect();
        await update.deliver();
        outcomes.push(await outcomeOf(opened));
      }
      expect(opened.runner.foreseen).toHaveLength(isExpected ? 4 : 0);
    }
    expect(outcomes.slice(0, 4)).toEqual(outcomes.slice(4));
  },
);

it('uses what was foreseen: nothing is computed again', async () => {
  const opened = await open({});
  const update = await updateOf(opened, 'osaka', 1);
  opened.runner.spoil = (bytes) => bytes.fill(0);
  update.expect();
  await update.deliver();
  await opened.bench.engine.whenIdle();
  // A step that looked at the memory again would have merged zeros.
  expect((await opened.bench.baseOf('osaka')).base.weightsDigest).toBe(update.digest);
});

it('foresees the next merge from where the one in hand leads', async () => {
  const opened = await open({});
  const updates = [await updateOf(opened, 'osaka', 1), await updateOf(opened, 'nagoya', 2)] as const;
  const bytes: StoredReport['proved'][] = [];
  opened.runner.spoil = (room) => {
    // Of the second only: the first is over when its results are computed.
    if (bytes.push(room as StoredReport['proved']) === 2) room.fill(0);
  };
  for (const update of updates) update.expect();
  for (const update of updates) await update.deliver();
  const spoilt = await outcomeOf(opened);
  expect(opened.runner.foreseen).toEqual(updates.map(({ digest }) => digest));

  const plain = await open({});
  for (const [index, plant] of PLANTS.entries()) await (await updateOf(plain, plant, index + 1)).deliver();
  expect(spoilt).toEqual(await outcomeOf(plain));
});

it('a wrong guess changes nothing', async () => {
  const opened = await open({});
  const [first, second] = [await updateOf(opened, 'osaka', 1), await updateOf(opened, 'nagoya', 2)];
  first.expect();
  second.expect();
  // Journaled the other way round, and the first only after it was given up.
  await second.deliver();
  await opened.bench.engine.whenIdle();
  first.giveUp();
  await first.deliver();
  const outcome = await outcomeOf(opened);
  expect(await stagedFiles(opened)).toEqual([]);

  const plain = await open({});
  const [one, two] = [await updateOf(plain, 'osaka', 1), await updateOf(plain, 'nagoya', 2)];
  await two.deliver();
  await plain.bench.engine.whenIdle();
  await one.deliver();
  expect(outcome).toEqual(await outcomeOf(plain));
});

it('a client that has changed since its offer changes nothing', async () => {
  const opened = await open({});
  await (await updateOf(opened, 'nagoya', 2)).deliver();
  await opened.bench.engine.whenIdle();
  const { client: other } = await updateOf(opened, 'nagoya', 3);
  const update = await updateOf(opened, 'osaka', 1);
  update.expect({ ...update.client, vectors: other.vectors });
  await expect.poll(() => stagedFiles(opened)).toHaveLength(2);
  await update.deliver();
  const outcome = await outcomeOf(opened);

  const plain = await open({});
  for (const [plant, seed] of [
    ['nagoya', 2],
    ['osaka', 1],
  ] as const) {
    await (await updateOf(plain, plant, seed)).deliver();
    await plain.bench.engine.whenIdle();
  }
  expect(outcome).toEqual(await outcomeOf(plain));
});

it('nothing can be seen of an update that was foreseen and never journaled', async () => {
  const opened = await open({});
  const before = await outcomeOf(opened);
  const update = await updateOf(opened, 'osaka', 1);
  update.expect();
  await expect.poll(() => stagedFiles(opened)).toHaveLength(2);
  update.giveUp();
  expect(await outcomeOf(opened)).toEqual(before);
  await opened.bench.engine.close();
  expect(await stagedFiles(opened)).toEqual([]);
});
