import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../dataset/temporary-folder.ts';
import { openAgentDatabase } from '../database.ts';
import { Outbox } from '../outbox.ts';
import { INITIAL_SCHEMA } from './0001-initial.ts';
import { IDENTITY_SCHEMA } from './0002-identity.ts';
import { REFERENCE } from './0003-reference.ts';
import { HELD_UPDATES } from './0004-held.ts';

it('still offers the update that a program of schema 4 has frozen, as it was', () => {
  const { root } = temporaryFolder();
  const old = new Database(`${root}/agent.sqlite`);
  old.exec(INITIAL_SCHEMA);
  old.exec(IDENTITY_SCHEMA);
  old.exec(REFERENCE);
  old.exec(HELD_UPDATES);
  old.pragma('user_version = 4');
  const report = { rounds: 1, examples: 10, metrics: { loss: 1, validationAccuracy: null } };
  old.exec(`
    INSERT INTO client VALUES (1, 'client', NULL, 'b1', 7);
    INSERT INTO weights VALUES ('own', x'00000040'), ('start', x'00000000'), ('sent', x'0000803f');
    INSERT INTO outbox (update_id, state, created_at, base_id, base_version, report, sha256)
      VALUES ('u1', 'inFlight', '2026-11-20T00:00:00.000Z', 'b1', 7, '${JSON.stringify(report)}', 'digest');
  `);
  old.close();
  const database = openAgentDatabase(root);
  onTestFinished(() => {
    database.close();
  });
  expect(new Outbox(database).next()).toEqual({
    updateId: 'u1',
    state: 'inFlight',
    baseId: 'b1',
    baseVersion: 7,
    report,
    encoding: 'float32',
    payload: Buffer.from(Float32Array.of(1).buffer),
    sha256: 'digest',
    weightsSha256: null,
  });
  expect(database.prepare('SELECT count(*) FROM outgoing').pluck().get()).toBe(0);
});
