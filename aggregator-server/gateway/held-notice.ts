import type { HoldReason } from '@genba/shared/protocol/messages';
import type { QuarantinedUpdate } from '../store/screening-table.ts';
import type { SessionContext } from './session-context.ts';

/** Tells a client that its update waits for an operator, if one does. @throws AppError `server/storage` */
export async function tellHeld({ clientId, engine, store, channel }: SessionContext): Promise<void> {
  const held = await store.screening.heldUpdate({ taskId: engine.task.id, clientId });
  if (held === null) return;
  channel.send({ type: 'update/held', updateId: held.updateId, reason: heldReason(held) });
}

/** Why an update is held, as its plant is told. The figures stay here: they would tell an attacker how far to go next time. */
export function heldReason({ finding }: Pick<QuarantinedUpdate, 'finding'>): HoldReason {
  return finding.kind === 'check-set' ? 'check-set' : 'norm';
}
