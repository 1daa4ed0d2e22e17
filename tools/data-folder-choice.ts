import { readdir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { defaultDataFolder } from '../main/agent/data-folder.ts';
import { findAgent } from '../main/agent/local-api/find-agent.ts';

/** Which agent's window to open. */
export interface DataFolderChoice {
  readonly dataFolder: string;
  /** An agent of the running demo: it is the demo's to start and to stop. */
  readonly isDemo: boolean;
}

export interface ChoiceSurroundings {
  /** `--data`, when given. */
  readonly given: string | undefined;
  /** Folder that a relative path counts from. */
  readonly from: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Where a demo keeps its plants, whether one runs or not. */
  readonly demoPlants: string;
}

/** The folder that was named, else the first plant of a demo that runs, else this account's own. */
export async function chooseDataFolder(surroundings: ChoiceSurroundings): Promise<DataFolderChoice> {
  const { given, from, env, platform, home, demoPlants } = surroundings;
  const named = given ?? env.GENBA_DATA;
  if (named) {
    const dataFolder = resolve(from, named);
    return { dataFolder, isDemo: dataFolder.startsWith(join(demoPlants, sep)) };
  }
  const names = await readdir(demoPlants).catch(() => []);
  for (const name of names.sort()) {
    const dataFolder = join(demoPlants, name);
    if ((await findAgent(dataFolder)) !== null) return { dataFolder, isDemo: true };
  }
  return { dataFolder: defaultDataFolder(platform, env, home), isDemo: false };
}
