import {
  REFUSED_IN_STATUS,
  REFUSED_PAGE,
  type RefusedPage,
  type RefusedUpdate,
} from '@genba/shared/local-api/refused-updates';
import type { AgentDatabase } from './database.ts';

const SELECT = `
  SELECT rowid AS number, update_id AS updateId, refusal AS code, json_extract(report, '$.rounds') AS rounds,
         created_at AS createdAt, done_at AS refusedAt
  FROM outbox WHERE state = 'refused'`;

/** The newest ones, newest first. */
export function newestRefused(database: AgentDatabase): RefusedUpdate[] {
  const newest = `${SELECT} ORDER BY rowid DESC LIMIT ${REFUSED_IN_STATUS}`;
  return database.prepare(newest).all() as RefusedUpdate[];
}

/** One page of all of them, oldest first. @param after the number of the last one of the page before, or 0 */
export function readRefused(database: AgentDatabase, after: number): RefusedPage {
  const page = `${SELECT} AND rowid > ? ORDER BY rowid LIMIT ${REFUSED_PAGE + 1}`;
  const updates = database.prepare(page).all(after) as RefusedUpdate[];
  return { updates: updates.slice(0, REFUSED_PAGE), hasMore: updates.length > REFUSED_PAGE };
}
