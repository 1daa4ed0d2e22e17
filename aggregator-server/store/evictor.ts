import type { EvictedFiles } from './catalogue.ts';
import {
  COUNT_EVICTED_CLIENTS,
  COUNT_KEPT_VERSIONS,
  EVICT_CLIENT_VECTORS,
  EVICT_DAMAGED_VECTOR,
  EVICT_OLDEST_VERSIONS,
  EVICT_UNINSTALLED_BASES,
  KEPT_FILES_OF_CLIENTS,
  RESTORE_START_WEIGHTS,
  RETIRE_VERSIONS,
  STARTS_FROM,
  UNINSTALLED_FILES_OF_CLIENTS,
} from './eviction-statements.ts';
import { type RetentionPolicy, replacedBefore } from './retention-policy.ts';
import { readClientId, readCount, readDigest, readSeenFile } from './rows.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** Lets go of rows whose files are not to be kept; each method is a part of a transaction of the catalogue. */
export class Evictor {
  readonly #connection: SqliteConnection;
  readonly #policy: RetentionPolicy;

  constructor(connection: SqliteConnection, policy: RetentionPolicy) {
    this.#connection = connection;
    this.#policy = policy;
  }

  /** Lets go of the versions of a task that the policy does not keep. @returns digests that may have lost their last reader */
  retire(taskId: string, globalVersion: number, atTime: string): string[] {
    const { keepVersions } = this.#policy;
    const values = {
      taskId,
      globalVersion,
      keepVersions,
      atTime,
      replacedBefore: replacedBefore(this.#policy, atTime),
    };
    return this.#digests(RETIRE_VERSIONS, values);
  }

  oldestVersions(count: number, atTime: string): string[] {
    return this.#digests(EVICT_OLDEST_VERSIONS, { count, atTime });
  }

  filesOfClients(count: number, atTime: string): EvictedFiles {
    // A file may be in both lists, and twice in one: under two names of its client.
    const found = [KEPT_FILES_OF_CLIENTS, UNINSTALLED_FILES_OF_CLIENTS].flatMap((sql) =>
      this.#connection.all(sql, { count: 2 * count }).map(readSeenFile),
    );
    found.sort((a, b) => (a.lastSeenAt < b.lastSeenAt ? -1 : a.lastSeenAt > b.lastSeenAt ? 1 : 0));
    const digests = [...new Set(found.map(({ digest }) => digest))].slice(0, count);
    const clientIds = digests.flatMap((digest) => [
      ...this.#connection.all(EVICT_CLIENT_VECTORS, { digest, atTime }).map(readClientId),
      ...this.#connection.all(EVICT_UNINSTALLED_BASES, { digest, atTime }).map(readClientId),
    ]);
    return { digests, clientIds: [...new Set(clientIds)] };
  }

  damagedVectors(of: {
    taskId: string;
    clientId: string;
    names: readonly string[];
    atTime: string;
  }): string[] {
    const { names, ...values } = of;
    return names.flatMap((name) => this.#digests(EVICT_DAMAGED_VECTOR, { ...values, name }));
  }

  /** @returns whether these are what the client starts from */
  restoreStartWeights(of: { clientId: string; baseId: string }): boolean {
    const digest = readDigest(this.#connection.get(STARTS_FROM, of));
    if (digest === null) return false;
    this.#connection.change(RESTORE_START_WEIGHTS, { digest });
    return true;
  }

  counts(taskId: string): { keptVersions: number; evictedClients: number } {
    return {
      keptVersions: readCount(this.#connection.get(COUNT_KEPT_VERSIONS, { taskId })),
      evictedClients: readCount(this.#connection.get(COUNT_EVICTED_CLIENTS, { taskId })),
    };
  }

  #digests(sql: string, values: Parameters<SqliteConnection['all']>[1]): string[] {
    return this.#connection.all(sql, values).map((row) => readDigest(row)!);
  }
}
