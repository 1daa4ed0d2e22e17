import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { AgentDatabase } from './database.ts';

type History = AgentStatus['history'];

/**
 * The newest rounds and installs as one line, oldest first.
 * @param limit points at most
 */
export function readHistory(database: AgentDatabase, limit: number): History {
  const newestFirst = database
    .prepare(
      `SELECT at, event, round, globalVersion, loss, scoreKind, ownScore, checkScore FROM (
         SELECT finished_at AS at, 'round' AS event, number AS round, global_version AS globalVersion, loss,
                score_kind AS scoreKind, score AS ownScore, check_score AS checkScore, number AS position
         FROM round
         UNION ALL
         SELECT installed_at, 'installed', after_round, global_version, NULL, score_kind, score, check_score, rowid
         FROM install
       )
       -- In the order in which it happened, not by time: clocks are set.
       ORDER BY round DESC, event = 'installed' DESC, position DESC LIMIT ?`,
    )
    .all(limit) as History;
  return newestFirst.reverse();
}

/** The weights last installed; null before the first. */
export function readBase(database: AgentDatabase): AgentStatus['base'] {
  const row = database
    .prepare(
      `SELECT global_version AS globalVersion, staleness, installed_at AS installedAt
       FROM install ORDER BY rowid DESC LIMIT 1`,
    )
    .get();
  return (row as AgentStatus['base'] | undefined) ?? null;
}
