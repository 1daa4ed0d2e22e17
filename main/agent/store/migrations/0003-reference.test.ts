import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../dataset/temporary-folder.ts';
import { openAgentDatabase } from '../database.ts';
import { INITIAL_SCHEMA } from './0001-initial.ts';
import { IDENTITY_SCHEMA } from './0002-identity.ts';

it('carries the weights of schema 2 over, and has room for a reference', () => {
  const { root } = temporaryFolder();
  const old = new Database(`${root}/agent.sqlite`);
  old.exec(INITIAL_SCHEMA + IDENTITY_SCHEMA);
  old.pragma('user_version = 2');
  old.exec("INSERT INTO weights VALUES ('own', x'0000803f'), ('start', x'00000000'), ('sent', x'0000803f')");
  const before = old.prepare('SELECT * FROM weights ORDER BY name').all();
  expect(() => old.exec("INSERT INTO weights VALUES ('reference', x'00')")).toThrow(/CHECK/);
  old.close();

  const migrated = openAgentDatabase(root);
  onTestFinished(() => {
    migrated.close();
  });
  expect(migrated.prepare('SELECT * FROM weights ORDER BY name').all()).toEqual(before);
  migrated.exec("INSERT INTO weights VALUES ('reference', x'00')");
  expect(() => migrated.exec("INSERT INTO weights VALUES ('else', x'00')")).toThrow(/CHECK/);
});
