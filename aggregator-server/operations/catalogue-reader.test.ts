import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { DEFAULT_RETENTION } from '../store/retention-policy.ts';
import { EngineBench, haltAt } from '../testing/engine-bench.ts';
import { smallTask, trained } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { CatalogueReader } from './catalogue-reader.ts';

const PLANTS = ['osaka', 'nagoya', 'sendai'];
/** More than are kept; the last one waits. */
const UPDATES = DEFAULT_RETENTION.keepVersions + 5;

it.each(['relay', 'average'] as const)(
  'needs exactly the files that the server will not remove (reference: %s)',
  async (reference) => {
    const folder = await temporaryFolder();
    const halt = haltAt('apply/closed');
    const bench = await EngineBench.open(folder, smallTask({ federation: { reference } }), halt.onStep);
    for (const plant of PLANTS) await bench.join(plant);
    for (let update = 1; update <= UPDATES; update++) {
      // The last one stays received: what it needs is needed, too.
      if (update === UPDATES) halt.arm();
      // Sendai reports seldom: its base is older than the versions that are kept.
      const clientId = update === 1 || update === UPDATES ? 'sendai' : PLANTS[update % 2]!;
      const { base, weights } = await bench.baseOf(clientId);
      const updateId = crypto.randomUUID();
      await bench.deliver({ updateId, clientId, baseId: base.baseId, weights: trained(weights, update) });
      await Promise.race([bench.engine.whenIdle(), halt.halted]);
    }

    const database = new Sqlite(join(folder, 'catalogue.sqlite'), { readonly: true });
    const everNamed = database
      .prepare(`SELECT digest FROM versions UNION SELECT digest FROM updates
                UNION SELECT weights_digest FROM bases UNION SELECT digest FROM task_vectors
                UNION SELECT digest FROM client_vectors`)
      .pluck()
      .all() as string[];
    database.close();
    const removable = await bench.store.catalogue.unreferenced(everNamed);
    const reader = await CatalogueReader.open(folder);
    const needed = reader.references();
    reader.close();
    expect(removable.length).toBeGreaterThan(UPDATES);
    expect([...needed.keys()].sort()).toEqual(
      everNamed.filter((digest) => !removable.includes(digest)).sort(),
    );
    expect([...needed.keys()].sort()).toEqual((await bench.store.weights.list()).sort());
    await bench.abandon();
  },
);
