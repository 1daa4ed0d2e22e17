/**
 * What a client can lose: its start weights it can send again, and without the average at its base it starts anew from
 * the global weights. Whatever else a strategy keeps of a client is a part of what it has added up and never evicted.
 */
const EVICTABLE = `name IN ('startWeights', 'averageAtBase')`;

/** An update that is not decided yet: it and what its merge needs stay. */
const UNDECIDED = `state NOT IN ('applied', 'refused')`;

/** Lets go of the versions of a task that the policy does not keep; never of the current one. */
export const RETIRE_VERSIONS = `
  UPDATE versions SET evicted_at = @atTime
  WHERE task_id = @taskId AND evicted_at IS NULL AND version < @globalVersion
    AND (version <= @globalVersion - @keepVersions
      OR (SELECT created_at FROM versions n WHERE n.task_id = versions.task_id AND n.version = versions.version + 1)
         < @replacedBefore)
  RETURNING digest`;

/** Lets go of the oldest versions, whatever their task. */
export const EVICT_OLDEST_VERSIONS = `
  UPDATE versions SET evicted_at = @atTime
  WHERE (task_id, version) IN (
    SELECT task_id, version FROM versions JOIN task_state USING (task_id)
    WHERE evicted_at IS NULL AND version < global_version ORDER BY created_at, task_id, version LIMIT @count)
  RETURNING digest`;

/** Nothing but clients needs this file, and no merge that waits. */
const onlyForClients = (digest: string) => `
  NOT EXISTS (SELECT 1 FROM task_vectors t WHERE t.digest = ${digest})
  AND NOT EXISTS (SELECT 1 FROM versions o WHERE o.digest = ${digest} AND o.evicted_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM updates u WHERE u.digest = ${digest} AND ${UNDECIDED})
  AND NOT EXISTS (SELECT 1 FROM client_vectors o
                  WHERE o.digest = ${digest} AND o.evicted_at IS NULL AND NOT ${EVICTABLE})
  AND NOT EXISTS (SELECT 1 FROM client_vectors o JOIN clients r USING (task_id, client_id)
                  JOIN updates u ON u.base_id = r.base_id
                  WHERE o.digest = ${digest} AND o.evicted_at IS NULL AND ${UNDECIDED})`;

/** No other client that was heard of later than `c` needs this file. */
const lastReader = (digest: string) => `
  NOT EXISTS (SELECT 1 FROM client_vectors o JOIN clients r USING (task_id, client_id)
              WHERE o.digest = ${digest} AND o.evicted_at IS NULL
                AND (r.last_seen_at, r.rowid) > (c.last_seen_at, c.rowid))
  AND NOT EXISTS (SELECT 1 FROM bases o JOIN clients r ON r.base_id = o.id
                  WHERE o.weights_digest = ${digest} AND o.installed_at IS NULL AND o.evicted_at IS NULL
                    AND (r.last_seen_at, r.rowid) > (c.last_seen_at, c.rowid))`;

/**
 * Files that only clients need, the one first whose last reader was not heard of for longest: what is kept of them.
 * CROSS JOIN keeps the order of the index on clients, so that only those are looked at that come first.
 */
export const KEPT_FILES_OF_CLIENTS = `
  SELECT v.digest, c.last_seen_at FROM clients c CROSS JOIN client_vectors v
  WHERE v.task_id = c.task_id AND v.client_id = c.client_id AND v.evicted_at IS NULL AND v.${EVICTABLE}
    AND ${onlyForClients('v.digest')} AND ${lastReader('v.digest')}
  ORDER BY c.last_seen_at, c.rowid LIMIT @count`;

/** The same for weights that were sent and not installed yet. */
export const UNINSTALLED_FILES_OF_CLIENTS = `
  SELECT b.weights_digest AS digest, c.last_seen_at FROM clients c CROSS JOIN bases b
  WHERE b.id = c.base_id AND b.installed_at IS NULL AND b.evicted_at IS NULL
    AND ${onlyForClients('b.weights_digest')} AND ${lastReader('b.weights_digest')}
  ORDER BY c.last_seen_at, c.rowid LIMIT @count`;

/** Lets go of a file as what is kept of clients. */
export const EVICT_CLIENT_VECTORS = `
  UPDATE client_vectors SET evicted_at = @atTime
  WHERE digest = @digest AND evicted_at IS NULL AND ${EVICTABLE} RETURNING client_id`;

/** Lets go of a file as start weights that clients have not installed yet. */
export const EVICT_UNINSTALLED_BASES = `
  UPDATE bases SET evicted_at = @atTime
  WHERE weights_digest = @digest AND installed_at IS NULL AND evicted_at IS NULL
    AND EXISTS (SELECT 1 FROM clients WHERE base_id = bases.id) RETURNING client_id`;

/** Lets go of one vector of one client whose file is damaged. */
export const EVICT_DAMAGED_VECTOR = `
  UPDATE client_vectors SET evicted_at = @atTime
  WHERE task_id = @taskId AND client_id = @clientId AND name = @name AND evicted_at IS NULL RETURNING digest`;

/** The start weights are back: for the client that sent them, and for all that started from the same. */
export const RESTORE_START_WEIGHTS = `
  UPDATE client_vectors SET evicted_at = NULL WHERE name = 'startWeights' AND digest = @digest`;

/** One row if a client has this base now and its strategy keeps these weights of it. */
export const STARTS_FROM = `
  SELECT weights_digest AS digest FROM bases JOIN clients ON clients.base_id = bases.id
  JOIN client_vectors v ON v.task_id = clients.task_id AND v.client_id = clients.client_id
  WHERE bases.id = @baseId AND clients.client_id = @clientId AND name = 'startWeights' AND v.digest = weights_digest`;

/** How many clients of a task the server has let go of something for. */
export const COUNT_EVICTED_CLIENTS = `
  SELECT count(*) AS count FROM (
    SELECT client_id FROM client_vectors WHERE task_id = @taskId AND evicted_at IS NOT NULL
    UNION SELECT c.client_id FROM clients c JOIN bases b ON b.id = c.base_id
      WHERE c.task_id = @taskId AND b.evicted_at IS NOT NULL AND b.installed_at IS NULL)`;

export const COUNT_KEPT_VERSIONS = `
  SELECT count(*) AS count FROM versions WHERE task_id = @taskId AND evicted_at IS NULL`;
