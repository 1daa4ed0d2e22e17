import { AppError } from '@genba/shared/errors/app-error';
import { RenewedThread } from '../threads/renewed-thread.ts';
import type { CompleteUpload, ProveUpload } from './prove-upload.ts';
import type { StagedVector } from './vector-files.ts';

const ENTRY = new URL('./proof-worker.ts', import.meta.url);

/** Proves updates until it is ended. */
export interface Prover {
  readonly prove: ProveUpload;
  end(): Promise<void>;
}

/**
 * Proves updates in a thread of their own, one after the other, so that many that arrive at once never add up to a
 * pause of the sessions. Should the thread die, what it had counts as trouble with the disk: the update stays where it
 * is, and its plant offers it again.
 */
export function startProverThread(): Prover & { readonly crash: () => Promise<void> } {
  const thread = new RenewedThread({
    entry: ENTRY,
    name: 'genba proof',
    lost: (reason, cause) => new AppError('server/storage', { detail: reason, cause }),
  });
  return {
    prove: async (upload: CompleteUpload) => (await thread.call('proof', 'prove', [upload])) as StagedVector,
    end: () => thread.end(),
    crash: () => thread.crash(),
  };
}
