import type { Finding } from '@genba/shared/federation/screening/finding';
import type { StoredHistory } from './norm-history.ts';

/** Applied updates of one client that later ones are compared with. */
export const OWN_HISTORY = 20;

/** The same for a whole task, whoever sent them. */
export const TASK_HISTORY = 200;

/** An update that waits for an operator. */
export interface QuarantinedUpdate {
  readonly updateId: string;
  readonly taskId: string;
  readonly clientId: string;
  readonly plantName: string;
  readonly rounds: number;
  readonly examples: number;
  readonly receivedAt: string;
  readonly quarantinedAt: string;
  readonly finding: Finding;
}

/** What screening keeps; part of the same file as the catalogue. Every method may throw AppError `server/storage`. */
export interface ScreeningTable {
  /**
   * The norms of the newest applied updates, oldest first: at most {@link OWN_HISTORY} of the client, and at most
   * {@link TASK_HISTORY} of the task.
   * @param of.training names the history: training settings, and what is measured from; others do not count
   */
  normHistory(of: { taskId: string; clientId: string; training: string }): Promise<StoredHistory>;
  /**
   * Update → quarantined. Nothing else changes: its client keeps its base, and nothing is learnt from it.
   * @throws Error when the update is not waiting
   */
  quarantine(found: { updateId: string; finding: Finding; quarantinedAt: string }): Promise<void>;
  /** All updates in quarantine, of one task or (null) of all, oldest first. */
  quarantined(taskId: string | null): Promise<QuarantinedUpdate[]>;
  /** The update in quarantine that is built on the client's present base; null when there is none. */
  heldUpdate(client: { taskId: string; clientId: string }): Promise<QuarantinedUpdate | null>;
  /** Remembers where a task's check set lies; null: it has none. */
  keepCheckSet(taskId: string, folder: string | null): Promise<void>;
  /** See {@link keepCheckSet}. */
  checkSet(taskId: string): Promise<string | null>;
}
