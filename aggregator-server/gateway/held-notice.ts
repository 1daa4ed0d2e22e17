import type { SessionContext } from './session-context.ts';

/** Tells a client that its update waits for an operator, if one does. @throws AppError `server/storage` */
export async function tellHeld({ clientId, engine, store, channel }: SessionContext): Promise<void> {
  const held = await store.screening.heldUpdate({ taskId: engine.task.id, clientId });
  if (held === null) return;
  // The figures stay here: they would tell an attacker how far to go next time.
  const reason = held.finding.kind === 'check-set' ? 'check-set' : 'norm';
  channel.send({ type: 'update/held', updateId: held.updateId, reason });
}
