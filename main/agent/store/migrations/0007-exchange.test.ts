import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { EXCHANGE_SCHEMA } from './0007-exchange.ts';

it('has room for one request of each kind, and for none that is half', () => {
  const database = new Database(':memory:');
  database.exec(EXCHANGE_SCHEMA);
  const rows = () =>
    ['weights_request', 'enrolment_request'].map((table) =>
      database.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
    );
  expect(rows()).toEqual([0, 0]);
  database.exec("INSERT INTO weights_request VALUES (1, 'r', NULL)");
  database.exec("INSERT INTO enrolment_request VALUES (1, '[]', 'c', 't', 'p', 'd', 'now')");
  expect(rows()).toEqual([1, 1]);
  expect(() => database.exec("INSERT INTO weights_request VALUES (2, 'r', NULL)")).toThrow('CHECK');
  expect(() =>
    database.exec("INSERT OR REPLACE INTO enrolment_request VALUES (1, NULL, 'c', 't', 'p', 'd', 'now')"),
  ).toThrow('NOT NULL');
});
