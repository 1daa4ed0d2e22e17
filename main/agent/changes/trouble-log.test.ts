import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { type AgentDatabase, openAgentDatabase } from '../store/database.ts';
import { SAME_TROUBLE_MS, type TroubleKind, TroubleLog } from './trouble-log.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.parse('2026-11-26T08:00:00.000Z');

let folder: string;
let database: AgentDatabase;
let log: TroubleLog;

beforeEach(() => {
  folder = temporaryFolder().root;
  database = openAgentDatabase(folder);
  log = new TroubleLog(database);
});
afterEach(() => {
  database.close();
});

const tell = (minute: number, ...what: TroubleKind[]) =>
  log.observe(new Set(what), START_MS + minute * MINUTE_MS);
/** Rows as minutes after the start. */
const rows = () =>
  (
    database.prepare('SELECT what, started_at, ended_at FROM trouble ORDER BY trouble_id').all() as {
      what: string;
      started_at: string;
      ended_at: string | null;
    }[]
  ).map(({ what, started_at, ended_at }) => {
    const minute = (iso: string | null) => (iso === null ? null : (Date.parse(iso) - START_MS) / MINUTE_MS);
    return [what, minute(started_at), minute(ended_at)];
  });

it('keeps from when to when something stood in the way, and nothing that was over in a minute', () => {
  tell(0, 'offline');
  tell(0.9);
  expect(rows()).toEqual([]);
  tell(5, 'offline');
  tell(5.5, 'offline', 'clock/wrong');
  tell(6, 'offline', 'clock/wrong');
  expect(rows()).toEqual([['offline', 5, null]]);
  tell(7, 'clock/wrong');
  expect(rows()).toEqual([
    ['offline', 5, 7],
    ['clock/wrong', 5.5, null],
  ]);
});

it('takes for one what comes back soon, and for two what comes back later', () => {
  tell(0, 'offline');
  tell(2, 'offline');
  tell(3);
  tell(9, 'offline');
  tell(11, 'offline');
  tell(12);
  expect(rows()).toEqual([['offline', 0, 12]]);
  const later = 12 + SAME_TROUBLE_MS / MINUTE_MS + 1;
  tell(later, 'offline');
  tell(later + 1, 'offline');
  expect(rows()).toEqual([
    ['offline', 0, 12],
    ['offline', later, null],
  ]);
});

it('goes on after a kill where the trouble still stands, and ends it where it does not', () => {
  tell(0, 'offline', 'clock/wrong');
  tell(2, 'offline', 'clock/wrong');
  log = new TroubleLog(database);
  tell(4, 'offline');
  expect(rows()).toEqual([
    ['offline', 0, null],
    ['clock/wrong', 0, 4],
  ]);
});

it('stays small whatever the line does', () => {
  const insert = database.prepare(
    "INSERT INTO trouble (what, started_at, ended_at) VALUES ('offline', '2020', '2020')",
  );
  database.transaction(() => {
    for (let count = 0; count < 2_100; count++) insert.run();
  })();
  tell(0, 'offline');
  tell(2, 'offline');
  expect(rows()).toHaveLength(2_000);
});
