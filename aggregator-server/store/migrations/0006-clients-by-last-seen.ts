/** The order of eviction, so that the client not heard of for longest is found without looking at all. */
export const clientsByLastSeen = {
  version: 6,
  sql: 'CREATE INDEX clients_by_last_seen ON clients (last_seen_at);',
} as const;
