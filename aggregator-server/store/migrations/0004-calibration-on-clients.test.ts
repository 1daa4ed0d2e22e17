import Sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from './list.ts';

it('counts the clients of tasks with the average reference, and takes old bases for installed weights', () => {
  const database = new Sqlite(':memory:');
  database.pragma('foreign_keys = OFF');
  migrate(database, MIGRATIONS.slice(0, 3));
  for (const [task, settings] of [
    ['average', '{"strategy":"orthofl","reference":"average"}'],
    ['relay', '{"strategy":"orthofl","reference":"relay"}'],
    ['fedavg', '{"strategy":"fedavg"}'],
    ['old', null],
  ]) {
    database.prepare("INSERT INTO tasks VALUES (?, 'm', '2026-11-20T06:00:00.000Z')").run(task);
    database
      .prepare(
        'INSERT INTO task_state (task_id, global_version, settings, scalars) VALUES (?, 0, ?, \'{"a":1}\')',
      )
      .run(task, settings);
    const insertClient = database.prepare(
      "INSERT INTO clients (task_id, client_id, plant_name, last_seen_at) VALUES (?, ?, 'p', 't')",
    );
    for (const client of ['osaka', 'nagoya', 'sendai']) insertClient.run(task, client);
    const insertBase = database.prepare(
      "INSERT INTO bases (id, task_id, client_id, version, weights_digest, calibration, issued_at) VALUES (?, ?, ?, 0, 'g0', '[]', 't')",
    );
    const giveBase = database.prepare('UPDATE clients SET base_id = ? WHERE task_id = ? AND client_id = ?');
    for (const client of ['osaka', 'nagoya']) {
      insertBase.run(`${task} ${client}`, task, client);
      giveBase.run(`${task} ${client}`, task, client);
    }
  }
  migrate(database, MIGRATIONS.slice(0, 4));

  expect(database.prepare('SELECT task_id, scalars FROM task_state ORDER BY task_id').raw().all()).toEqual([
    ['average', '{"a":1,"clientCount":2}'],
    ['fedavg', '{"a":1}'],
    ['old', '{"a":1,"clientCount":2}'],
    ['relay', '{"a":1}'],
  ]);
  expect(database.prepare('SELECT DISTINCT use FROM bases').pluck().all()).toEqual(['install']);
  expect(() => database.exec("UPDATE bases SET use = 'else'")).toThrow(/CHECK/);
});
