import Table from 'cli-table3';
import { type Command, InvalidArgumentError } from 'commander';
import { dataFolderPaths } from '../store/data-folder.ts';
import { publish, setShare, withdraw } from '../updates/publish.ts';
import { type PublishedRelease, readPublished } from '../updates/published.ts';
import { SYSTEM_OF } from '../updates/release.ts';
import type { CommandHost } from './command-host.ts';
import { operator } from './invite.ts';
import { withRegister } from './open-register.ts';
import { sizeText } from './reports.ts';

interface Choices {
  readonly data: string;
}

/** Adds the commands about the app's own updates; all work beside a running server. */
export function addUpdates(program: Command, { print }: Pick<CommandHost, 'print'>): void {
  const data = ['--data <folder>', 'data folder of the aggregator'] as const;
  const updates = program
    .command('updates')
    .description('offer a new version of the app to the PCs, which have no internet');

  updates
    .command('list')
    .description('show which version is offered, and to how many PCs')
    .requiredOption(...data)
    .action(async ({ data: dataFolder }: Choices) => {
      // Names what is no data folder, as every command does.
      await withRegister(dataFolder, async () => undefined);
      print(updatesTable(await readPublished(dataFolderPaths(dataFolder).updatesPath)));
    });

  updates
    .command('publish')
    .description('offer the version in a folder, as electron-builder has written it')
    .requiredOption(...data)
    .requiredOption('--from <folder>', 'folder with latest.yml and the installers')
    .option('--share <percent>', 'offer it to so many of the PCs only, for a start', readShare, 100)
    .action(async ({ data: dataFolder, from, share }: Choices & { from: string; share: number }) => {
      const published = await recorded(dataFolder, 'update-published', (folder) =>
        publish({ folder, from, sharePercent: share }),
      );
      print(updatesTable(published));
    });

  updates
    .command('share')
    .description('offer the newest version to more of the PCs, or to fewer')
    .argument('<percent>', 'share of the PCs, such as 50', readShare)
    .requiredOption(...data)
    .action(async (share: number, { data: dataFolder }: Choices) => {
      const published = await recorded(dataFolder, 'update-share-set', (folder) => setShare(folder, share));
      print(updatesTable(published));
    });

  updates
    .command('withdraw')
    .description('take the newest version back: the one before is offered again; PCs that have it keep it')
    .requiredOption(...data)
    .action(async ({ data: dataFolder }: Choices) => {
      const folder = dataFolderPaths(dataFolder).updatesPath;
      const withdrawn = await recorded(dataFolder, 'update-withdrawn', (folder) => withdraw(folder));
      for (const { channel, release } of withdrawn)
        print(`${SYSTEM_OF[channel]}: ${release.version} withdrawn`);
      print(updatesTable(await readPublished(folder)));
    });
}

type UpdateEvent = 'update-published' | 'update-share-set' | 'update-withdrawn';

/** Changes what is offered and writes that down; what is no data folder is named before anything is changed. */
function recorded(
  dataFolder: string,
  event: UpdateEvent,
  change: (folder: string) => Promise<PublishedRelease[]>,
): Promise<PublishedRelease[]> {
  return withRegister(dataFolder, async (register) => {
    const done = await change(dataFolderPaths(dataFolder).updatesPath);
    await register.note(note(event, done));
    return done;
  });
}

function note(event: UpdateEvent, published: readonly PublishedRelease[]) {
  const detail = {
    releases: published.map(({ channel, release: { version, sharePercent } }) => {
      return `${channel} ${version} ${sharePercent} %`;
    }),
  };
  const nobody = { taskId: null, clientId: null, remoteAddress: null };
  return { at: new Date().toISOString(), event, actor: operator(), ...nobody, detail };
}

function updatesTable(published: readonly PublishedRelease[]): string {
  if (published.length === 0)
    return 'No version of the app is offered. The command updates publish offers one.';
  const table = new Table({
    head: ['System', 'Version', 'Share of the PCs', 'Before', 'Files'],
    style: { head: [], border: [] },
  });
  for (const { channel, release, earlier } of published) {
    const files = release.files.map(({ url, size }) =>
      size === undefined ? url : `${url} (${sizeText(size)})`,
    );
    const share = `${release.sharePercent} %`;
    table.push([SYSTEM_OF[channel], release.version, share, earlier?.version ?? '–', files.join('\n')]);
  }
  return table.toString();
}

function readShare(text: string): number {
  const share = Number(text.replace(/%$/, ''));
  if (!/^\d{1,3}%?$/.test(text) || share > 100)
    throw new InvalidArgumentError('It must be a whole number from 0 to 100.');
  return share;
}
