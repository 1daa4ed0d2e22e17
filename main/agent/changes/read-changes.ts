import {
  CHANGES_LIMITS,
  type ChangesPeriod,
  type PlantChanges,
  type ScorePair,
  type Trouble,
} from '@genba/shared/local-api/changes';
import type { KnownDrift } from '@genba/shared/local-api/drift';
import type { Comparison, Decision } from '@genba/shared/local-api/model';
import { shiftBegin } from '@genba/shared/local-api/shift-starts';
import type { AgentDatabase } from '../store/database.ts';

const WEEK_MS = 7 * 86_400_000;

/** When a period has begun, milliseconds since 1970. @param starts of the shifts, by the clock on the wall */
export function beginOf(period: ChangesPeriod, starts: readonly string[], nowMs: number): number {
  if (period === 'week') return nowMs - WEEK_MS;
  return shiftBegin(starts, nowMs, period === 'this-shift' ? 0 : 1);
}

/** What belongs to the changes and is not in the database. */
export interface BesideDatabase {
  /** Whether anything is judged as it comes. */
  readonly hasWatches: boolean;
  /** Notices about newer data that somebody has confirmed at any time, oldest first. */
  readonly knownDrifts: readonly KnownDrift[];
}

/** What has changed at this plant since a moment, mostly from what the database keeps. */
export function readChanges(
  database: AgentDatabase,
  sinceMs: number,
  { hasWatches, knownDrifts }: BesideDatabase,
): PlantChanges {
  const since = new Date(sinceMs).toISOString();
  return {
    since,
    isFirst: isFirst(database, since),
    rounds: database
      .prepare<[string], PlantChanges['rounds']>(
        `SELECT count(*) AS count, coalesce(sum(duration_ms), 0) AS durationMs FROM round WHERE finished_at >= ?`,
      )
      .get(since)!,
    updates: database
      .prepare<{ since: string }, PlantChanges['updates']>(
        `SELECT
           (SELECT count(*) FROM outbox WHERE receipted_at >= @since AND state <> 'refused') AS delivered,
           (SELECT count(*) FROM outbox WHERE state = 'refused' AND done_at >= @since) AS refused,
           (SELECT count(*) FROM install WHERE installed_at >= @since) AS received,
           (SELECT coalesce(sum(sent_bytes), 0) FROM ledger WHERE started_at >= @since) AS sentBytes`,
      )
      .get({ since })!,
    scores: readScores(database, since),
    labels: readLabels(database, since),
    model: readModel(database, since),
    troubles: database
      .prepare<[string, number], Trouble>(
        `SELECT what, started_at AS "from", ended_at AS until FROM trouble
         WHERE ended_at IS NULL OR ended_at >= ? ORDER BY ended_at IS NULL DESC, trouble_id DESC LIMIT ?`,
      )
      .all(since, CHANGES_LIMITS.troubles),
    drifts: knownDrifts
      .filter(({ knownAt }) => knownAt >= since)
      .slice(-CHANGES_LIMITS.drifts)
      .reverse(),
    judged: hasWatches ? readJudged(database, since) : null,
  };
}

function isFirst(database: AgentDatabase, since: string): boolean {
  const before = database.prepare(
    `SELECT 1 FROM round WHERE finished_at < @since
     UNION ALL SELECT 1 FROM install WHERE installed_at < @since
     UNION ALL SELECT 1 FROM label WHERE labelled_at < @since LIMIT 1`,
  );
  return before.get({ since }) === undefined;
}

type Scores = Pick<Comparison, 'own' | 'shared' | 'inUse' | 'scoreKind'>;

/** The newest comparison against the last one of before; the first of the period where there was none before. */
function readScores(database: AgentDatabase, since: string): PlantChanges['scores'] {
  const select = (condition: string, order: 'ASC' | 'DESC') =>
    database
      .prepare<[string], Scores>(
        `SELECT score_kind AS scoreKind, own, shared, in_use AS inUse FROM comparison
         WHERE ${condition} ORDER BY comparison_id ${order} LIMIT 1`,
      )
      .get(since);
  const now = select('synced_at >= ?', 'DESC');
  if (now === undefined) return null;
  const before = select('synced_at < ?', 'DESC') ?? select('synced_at >= ?', 'ASC');
  // Another task setting measures something else: nothing to compare.
  const isSame = before?.scoreKind === now.scoreKind;
  const pair = (name: 'own' | 'shared' | 'inUse'): ScorePair => ({
    before: isSame ? before[name] : null,
    now: now[name],
  });
  return { kind: now.scoreKind, own: pair('own'), shared: pair('shared'), inUse: pair('inUse') };
}

function readLabels(database: AgentDatabase, since: string): PlantChanges['labels'] {
  const by = database
    .prepare<[string], PlantChanges['labels']['by'][number]>(
      `SELECT labelled_by AS name, count(*) AS count FROM label WHERE labelled_at >= ? AND undone_at IS NULL
       GROUP BY labelled_by ORDER BY count DESC, name`,
    )
    .all(since);
  const total = by.reduce((sum, { count }) => sum + count, 0);
  return { count: total, by: by.slice(0, CHANGES_LIMITS.labellers) };
}

function readModel(database: AgentDatabase, since: string): PlantChanges['model'] {
  const counts = database
    .prepare<[string], { taken: number; heldBack: number }>(
      `SELECT count(*) FILTER (WHERE kind = 'taken') AS taken,
              count(*) FILTER (WHERE kind = 'held-back') AS heldBack
       FROM model_decision WHERE decided_at >= ?`,
    )
    .get(since)!;
  const newest = database
    .prepare<[string], Decision>(
      `SELECT decided_at AS at, decided_by AS by, kind, origin AS model, global_version AS globalVersion, reason,
              score, in_use_score AS inUseScore
       FROM model_decision WHERE decided_at >= ? ORDER BY decision_id DESC LIMIT 1`,
    )
    .get(since);
  return { ...counts, newest: newest ?? null };
}

/** Whole hours: the one in which the period begins counts from its half on. */
function readJudged(database: AgentDatabase, since: string): PlantChanges['judged'] {
  const halfHourBefore = new Date(Date.parse(since) - 1_800_000).toISOString();
  return database
    .prepare<[string], NonNullable<PlantChanges['judged']>>(
      `SELECT coalesce(sum(ok), 0) AS ok, coalesce(sum(ng), 0) AS ng, coalesce(sum(named), 0) AS named,
              coalesce(sum(unjudged), 0) AS unjudged
       FROM judged_hour WHERE hour > ?`,
    )
    .get(halfHourBefore)!;
}
