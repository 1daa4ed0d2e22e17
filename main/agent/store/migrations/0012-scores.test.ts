import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { INITIAL_SCHEMA } from './0001-initial.ts';
import { SCORES_SCHEMA } from './0012-scores.ts';

it('keeps what was measured before, as the accuracy that it was', () => {
  const database = new Database(':memory:');
  database.exec(INITIAL_SCHEMA);
  database.exec("INSERT INTO outbox (update_id, state, created_at) VALUES ('u', 'pending', 'then')");
  const round = database.prepare("INSERT INTO round VALUES (?, 'u', 'then', 1, 0, 10, 0.5, ?, ?, 'cpu')");
  const install = database.prepare("INSERT INTO install VALUES (?, 'then', NULL, 0, 0, NULL, ?, ?)");
  const measured = [
    [0.75, 0.5],
    [null, 0.25],
    [null, null],
  ];
  measured.forEach((figures, place) => {
    round.run(place + 1, ...figures);
    install.run(`b${place}`, ...figures);
  });
  database.exec(SCORES_SCHEMA);
  const kept = [
    { score: 0.75, check_score: 0.5, score_kind: 'accuracy' },
    { score: null, check_score: 0.25, score_kind: 'accuracy' },
    { score: null, check_score: null, score_kind: null },
  ];
  const of = (table: string) =>
    database.prepare(`SELECT score, check_score, score_kind FROM ${table} ORDER BY rowid`).all();
  expect(of('round')).toEqual(kept);
  expect(of('install')).toEqual(kept);
  expect(database.prepare('SELECT validation_accuracy FROM round').pluck().all()).toEqual([0.75, null, null]);
  database.close();
});
