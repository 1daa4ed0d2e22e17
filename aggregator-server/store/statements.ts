import { UPDATE_COLUMNS } from './rows.ts';

/** Inserts a client or refreshes its name and time. */
export const SEE_CLIENT = `
  INSERT INTO clients (task_id, client_id, plant_name, last_seen_at, app, lacks)
  VALUES (@taskId, @clientId, @plantName, @seenAt, @app, @lacks)
  ON CONFLICT DO UPDATE SET plant_name = excluded.plant_name, last_seen_at = excluded.last_seen_at,
    app = coalesce(excluded.app, app), lacks = coalesce(excluded.lacks, lacks)`;

/** A client was heard of; an older time changes nothing. */
export const HEAR_CLIENT = `
  UPDATE clients SET last_seen_at = max(last_seen_at, @atTime)
  WHERE task_id = @taskId AND client_id = @clientId`;

/** Journals an update behind all others. */
export const INSERT_UPDATE = `
  INSERT INTO updates (${UPDATE_COLUMNS})
  VALUES (@updateId, (SELECT coalesce(max(sequence), 0) + 1 FROM updates), @taskId, @clientId, @baseId, @rounds,
          @examples, @metrics, @digest, 'received', @receivedAt, NULL)`;

/** Moves an update to `applied`; changes no row when it is not waiting. */
export const MARK_APPLIED = `
  UPDATE updates
  SET state = 'applied', applied_at = @appliedAt, staleness = @staleness, mixing_weight = @mixingWeight,
      calibration = @calibration, effect = @effect, version_after = @globalVersion
  WHERE id = @updateId AND state = 'received'`;

/** Sets an update aside for good; changes no row when it is not waiting. */
export const MARK_REFUSED = `
  UPDATE updates SET state = 'refused', refusal = @code WHERE id = @updateId AND state = 'received'`;

/** Ends the quarantine of a whole task. */
export const REFUSE_QUARANTINED = `
  UPDATE updates SET state = 'refused', refusal = @code WHERE task_id = @taskId AND state = 'quarantined'
  RETURNING digest`;

/** Moves a task on by at most one version; changes no row when it stands elsewhere. */
export const MOVE_TASK = `
  UPDATE task_state SET global_version = @globalVersion, scalars = @scalars
  WHERE task_id = @taskId AND global_version IN (@globalVersion, @globalVersion - 1)`;

export const INSERT_VERSION = `
  INSERT INTO versions (task_id, version, digest, created_at) VALUES (@taskId, @globalVersion, @digest, @createdAt)
  ON CONFLICT DO NOTHING`;

export const SET_TASK_VECTOR = `
  INSERT INTO task_vectors VALUES (@taskId, @name, @digest)
  ON CONFLICT DO UPDATE SET digest = excluded.digest`;

export const SET_CLIENT_VECTOR = `
  INSERT INTO client_vectors (task_id, client_id, name, digest) VALUES (@taskId, @clientId, @name, @digest)
  ON CONFLICT DO UPDATE SET digest = excluded.digest, evicted_at = NULL`;

export const SET_CLIENT = `
  UPDATE clients SET base_id = coalesce(@baseId, base_id), is_held = @isHeld, scalars = @scalars
  WHERE task_id = @taskId AND client_id = @clientId`;

/** Inserts a row of `bases` from a base record. */
export const INSERT_BASE = `
  INSERT INTO bases (id, task_id, client_id, version, weights_digest, use, update_id, staleness, mixing_weight,
                     calibration, issued_at, installed_at)
  VALUES (@baseId, @taskId, @clientId, @version, @weightsDigest, @use, @updateId, @staleness, @mixingWeight,
          @calibration, @issuedAt, @installedAt)`;

/** Clients that a release concerns: all that are held, or all that have a base. */
const CONCERNED = 'task_id = @taskId AND base_id IS NOT NULL AND (is_held = 1 OR @everyone = 1)';

/** Digests that a release may leave without a reader. */
export const DIGESTS_BEFORE_RELEASE = `
  SELECT DISTINCT digest FROM client_vectors JOIN clients USING (task_id, client_id) WHERE ${CONCERNED}
  UNION SELECT DISTINCT weights_digest FROM bases JOIN clients ON clients.base_id = bases.id
  WHERE clients.task_id = @taskId AND (is_held = 1 OR @everyone = 1)`;

/**
 * One new base per client concerned, with the global weights. It answers the update built on the client's base, which
 * is held or was in quarantine; where there is none, the one whose answer the client has not installed yet.
 */
export const INSERT_RELEASED_BASES = `
  INSERT INTO bases (id, task_id, client_id, version, weights_digest, use, update_id, staleness, mixing_weight,
                     calibration, issued_at, installed_at)
  SELECT new_uuid(), c.task_id, c.client_id, @globalVersion, @digest, @use, u.id, u.staleness, u.mixing_weight,
         coalesce(u.calibration, '[]'), @issuedAt, NULL
  FROM (SELECT * FROM clients WHERE ${CONCERNED}) c
  JOIN bases b ON b.id = c.base_id
  LEFT JOIN updates u ON u.id = coalesce(
    (SELECT id FROM updates WHERE base_id = c.base_id),
    CASE WHEN b.installed_at IS NULL THEN b.update_id END)`;

/** What the strategy knows as the weights a client was last sent. */
export const SET_RELEASED_START_WEIGHTS = `
  INSERT INTO client_vectors (task_id, client_id, name, digest)
  SELECT task_id, client_id, 'startWeights', @digest FROM clients WHERE ${CONCERNED}
  ON CONFLICT DO UPDATE SET digest = excluded.digest, evicted_at = NULL`;

/** Points every client concerned to its newest base. */
export const RELEASE_CLIENTS = `
  UPDATE clients
  SET is_held = 0,
      base_id = (SELECT id FROM bases b WHERE b.task_id = clients.task_id AND b.client_id = clients.client_id
                 ORDER BY rowid DESC LIMIT 1)
  WHERE ${CONCERNED} RETURNING client_id`;

/**
 * One row if anything still needs the weights: a task's state, one of the kept versions, what is kept of a client,
 * its current base until it is installed, or an update that waits or is in quarantine. What was evicted is not needed.
 */
export const IS_REFERENCED = `
  SELECT 1 WHERE
    EXISTS (SELECT 1 FROM task_vectors WHERE digest = @digest)
    OR EXISTS (SELECT 1 FROM client_vectors WHERE digest = @digest AND evicted_at IS NULL)
    OR EXISTS (SELECT 1 FROM versions WHERE digest = @digest AND evicted_at IS NULL)
    OR EXISTS (SELECT 1 FROM updates WHERE digest = @digest AND state IN ('received', 'quarantined'))
    OR EXISTS (SELECT 1 FROM bases JOIN clients ON clients.base_id = bases.id
               WHERE weights_digest = @digest AND installed_at IS NULL AND evicted_at IS NULL)`;

/**
 * Every pair of task and digest that {@link IS_REFERENCED} calls needed: the same rule, told for all files at once.
 * A test holds the two together.
 */
export const REFERENCED_WEIGHTS = `
  SELECT task_id, digest FROM task_vectors
  UNION SELECT task_id, digest FROM client_vectors WHERE evicted_at IS NULL
  UNION SELECT task_id, digest FROM versions WHERE evicted_at IS NULL
  UNION SELECT task_id, digest FROM updates WHERE state IN ('received', 'quarantined')
  UNION SELECT b.task_id, b.weights_digest FROM clients c JOIN bases b ON b.id = c.base_id
    WHERE b.installed_at IS NULL AND b.evicted_at IS NULL`;

/** The clients of a task with what they have contributed. */
export const CLIENT_SUMMARIES = `
  SELECT c.client_id, c.plant_name, c.last_seen_at, c.app, c.lacks, bases.version AS base_version,
    (SELECT count(*) FROM updates u WHERE u.task_id = c.task_id AND u.client_id = c.client_id
       AND u.state = 'applied') AS updates_applied,
    (SELECT coalesce(sum(u.rounds), 0) FROM updates u WHERE u.task_id = c.task_id
       AND u.client_id = c.client_id AND u.state = 'applied') AS rounds,
    (SELECT u.staleness FROM updates u WHERE u.task_id = c.task_id AND u.client_id = c.client_id
       AND u.state = 'applied' ORDER BY u.sequence DESC LIMIT 1) AS last_staleness
  FROM clients c LEFT JOIN bases ON bases.id = c.base_id
  WHERE c.task_id = @taskId ORDER BY c.plant_name, c.client_id`;
