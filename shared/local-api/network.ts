import { z } from 'zod';

/** Whether an agent reaches its aggregator, one word each. */
export const NETWORK_STATES = [
  'online',
  'connecting',
  /** Tries to connect, again and again. */
  'offline',
  /** The plan leaves the plant's line to others now: the agent does not try. */
  'outside-plan',
] as const;
export type NetworkState = (typeof NETWORK_STATES)[number];

/** What became of the last wish to send at once. */
export const SYNC_NOW_STATES = [
  'running',
  /** All that waited then was answered. */
  'done',
  /** It was given up, because nothing went on for a long time; what waits is sent as the plan says. */
  'stalled',
] as const;
export type SyncNowState = (typeof SYNC_NOW_STATES)[number];

const timestamp = z.iso.datetime();

/** How an agent reaches its aggregator. */
export const networkStatusSchema = z.strictObject({
  state: z.enum(NETWORK_STATES),
  server: z.string().nullable(),
  /** Since when the state holds. */
  since: timestamp,
  /** When it connects again; null unless the state is `outside-plan`. */
  until: timestamp.nullable(),
  /** The proxy that it goes through, without its login; null for none, and before the first connection. */
  proxy: z.string().nullable(),
  /** Null where nobody has asked for it since the start. */
  syncNow: z.enum(SYNC_NOW_STATES).nullable(),
});
export type NetworkStatus = z.output<typeof networkStatusSchema>;
