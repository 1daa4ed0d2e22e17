import { readdir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { defaultDataFolder } from '../../main/agent/data-folder.ts';
import { findAgent } from '../../main/agent/local-api/find-agent.ts';

/** Which agent's window to open. */
export interface DataFolderChoice {
  readonly dataFolder: string;
  readonly kind: /** An agent of the running demo: it is the demo's to start and to stop. */
    | 'demo'
    /** One that was named, or the one of this account. */
    | 'plant'
    /** Nobody has set a plant up here: one to try out, with an aggregator of its own. */
    | 'try-out';
}

export interface ChoiceSurroundings {
  /** `--data`, when given. */
  readonly given: string | undefined;
  /** Whether settings are given, which are meant for this account's plant where none is named. */
  readonly hasSettings: boolean;
  /** Folder that a relative path counts from. */
  readonly from: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Where a demo keeps its plants, whether one runs or not. */
  readonly demoPlants: string;
  /** Data folder of the plant to try out. */
  readonly tryOutPlant: string;
  /** Whether the plant of a data folder has an aggregator. */
  readonly isSetUp: (dataFolder: string) => Promise<boolean>;
}

/**
 * The folder that was named, else the first plant of a demo that runs, else this account's own where it is set up or
 * is being set up, else one to try out.
 */
export async function chooseDataFolder(surroundings: ChoiceSurroundings): Promise<DataFolderChoice> {
  const { given, hasSettings, from, env, platform, home, demoPlants, tryOutPlant } = surroundings;
  const named = given ?? env.GENBA_DATA;
  if (named) {
    const dataFolder = resolve(from, named);
    return { dataFolder, kind: dataFolder.startsWith(join(demoPlants, sep)) ? 'demo' : 'plant' };
  }
  const names = await readdir(demoPlants).catch(() => []);
  for (const name of names.sort()) {
    const dataFolder = join(demoPlants, name);
    if ((await findAgent(dataFolder)) !== null) return { dataFolder, kind: 'demo' };
  }
  const own = defaultDataFolder(platform, env, home);
  if (hasSettings || (await surroundings.isSetUp(own))) return { dataFolder: own, kind: 'plant' };
  return { dataFolder: tryOutPlant, kind: 'try-out' };
}
