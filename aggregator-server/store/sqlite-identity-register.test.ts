import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { auditOf } from '../testing/read-audit.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { type AuditNote, CHAIN_START, ChainCheck, chainDigest } from './audit-chain.ts';
import { describeIdentityRegister } from './identity-register.contract.ts';
import { openTablesHere, type Tables } from './tables.ts';
import { openTablesInThread } from './tables-thread.ts';

const AT = '2026-11-23T06:00:00.000Z';

async function withTasks({ catalogue, identities }: Tables) {
  for (const taskId of ['task', 'other']) {
    const state = { globalVersion: 0, vectors: { globalWeights: 'w' }, scalars: {} };
    await catalogue.createTask({ taskId, manifestDigest: 'm', settings: '{}', state, createdAt: AT });
  }
  return identities;
}

describeIdentityRegister('SqliteIdentityRegister', async () => {
  const { tables, close } = await openTablesHere(':memory:');
  onTestFinished(close);
  return withTasks(tables);
});

describeIdentityRegister('SqliteIdentityRegister in a thread', async () => {
  const { tables, close } = await openTablesInThread(join(await temporaryFolder(), 'catalogue.sqlite'));
  onTestFinished(close);
  return withTasks(tables);
});

function note(changes: Partial<AuditNote> = {}): AuditNote {
  const nobody = { taskId: null, clientId: null, remoteAddress: null };
  return { at: AT, event: 'server-started', actor: 'server', ...nobody, detail: {}, ...changes };
}

/** A data folder with three rows in its audit record. */
async function auditedFolder(): Promise<{ folder: string; database: Sqlite.Database }> {
  const folder = await temporaryFolder();
  const path = join(folder, 'catalogue.sqlite');
  const { tables, close } = await openTablesHere(path);
  await tables.identities.note(note());
  await tables.identities.note(note({ clientId: 'osaka', detail: { plantName: '大阪', count: 2 } }));
  await tables.identities.note(note({ actor: 'operator 山田' }));
  await close();
  const database = new Sqlite(path);
  onTestFinished(() => {
    database.close();
  });
  return { folder, database };
}

async function problemsOf(folder: string): Promise<(string | null)[]> {
  const chain = new ChainCheck();
  return (await auditOf(folder)).map((row) => chain.add({ ...row, detail: JSON.stringify(row.detail) }));
}

it('chains every row of the record to the one before', async () => {
  const { folder } = await auditedFolder();
  expect(await problemsOf(folder)).toEqual([null, null, null]);
  const [first, second] = await auditOf(folder);
  expect(first?.digest).toBe(chainDigest(CHAIN_START, { ...first!, detail: '{}' }));
  expect(second?.digest).toBe(
    chainDigest(first!.digest, { ...second!, detail: JSON.stringify(second!.detail) }),
  );
});

it('lets nobody change or remove a row in passing', async () => {
  const { database } = await auditedFolder();
  for (const sql of ["UPDATE audit SET actor = 'nobody'", 'DELETE FROM audit WHERE sequence = 3']) {
    expect(() => database.exec(sql)).toThrow('the audit record is not changed');
  }
});

it.each([
  ['a changed row', "UPDATE audit SET actor = 'nobody' WHERE sequence = 2", 'audit row 2 was changed'],
  ['a removed row', 'DELETE FROM audit WHERE sequence = 2', 'audit row 3 follows row 1'],
  ['a removed beginning', 'DELETE FROM audit WHERE sequence = 1', 'audit row 2 follows row 0'],
  [
    'an inserted row',
    "INSERT INTO audit SELECT 4, at, event, actor, NULL, NULL, NULL, '{}', digest FROM audit WHERE sequence = 3",
    'audit row 4 was changed',
  ],
])('tells of %s, made by force', async (_, sql, problem) => {
  const { folder, database } = await auditedFolder();
  database.exec(`DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted; ${sql}`);
  expect(await problemsOf(folder)).toContain(problem);
});
