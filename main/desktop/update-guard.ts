import { parseArgs } from 'node:util';
import { guard, PATIENCE } from './updating/guard.ts';
import { stopAgentForUpdate } from './updating/stop-agent.ts';
import { UpdateJournal } from './updating/update-journal.ts';

const text = { type: 'string' } as const;

/** Run by the pinned Node, apart from the program that is being replaced. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { journal: text, data: text } });
  const { journal: path, data: dataFolder } = values;
  if (path === undefined || dataFolder === undefined) throw new Error('--journal and --data are needed');
  const journal = new UpdateJournal(path);
  const { trial } = journal.read();
  if (trial === null) return;
  await guard({
    journal,
    dataFolder,
    version: trial.version,
    patience: PATIENCE[trial.installation],
    stopAgent: () => stopAgentForUpdate(dataFolder, { isForced: true }),
    now: () => new Date(),
  });
}

void main();
