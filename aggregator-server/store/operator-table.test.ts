import { describe, onTestFinished } from 'vitest';
import { describeDecisions } from './operator-table.contract.ts';
import { openTablesHere } from './tables.ts';
import { openTablesInThread } from './tables-thread.ts';

describe.each([
  ['in this thread', openTablesHere],
  ['in a thread of its own', openTablesInThread],
] as const)('%s', (_name, openTables) => {
  describeDecisions('decisions in SQLite', async () => {
    const { tables, close } = await openTables(':memory:');
    onTestFinished(close);
    return tables;
  });
});
