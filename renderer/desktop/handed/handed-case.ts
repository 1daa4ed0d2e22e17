import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { Invitation } from '@genba/shared/identity/invitation';
import type { AgentStatus } from '@genba/shared/local-api/messages';

/** What an invitation means for a PC that takes part already. */
export type HandedCase =
  /** It cannot be used by anybody. */
  | { readonly kind: 'refused'; readonly problem: ErrorCode }
  /** This PC has enrolled there, under this name; `otherName` where the invitation has another one. */
  | { readonly kind: 'same'; readonly plantName: string; readonly otherName: string | null }
  /** It has, but is not let in any more: the invitation puts that right. */
  | { readonly kind: 'renew' }
  /** What this PC has learnt would not fit: the agent refuses it. */
  | { readonly kind: 'other-task'; readonly task: Task; readonly otherTaskId: string }
  /** It would change over to another aggregator. */
  | {
      readonly kind: 'replace';
      /** Addresses of the two; null where none has been connected to. */
      readonly from: string | null;
      readonly to: string;
      readonly roundsWaiting: number;
    };

/** Why an aggregator, or this PC itself, wants a new enrolment. */
const ENROL_AGAIN: ReadonlySet<ErrorCode> = new Set([
  'identity/revoked',
  'identity/unknown-key',
  'identity/key-lost',
  'identity/not-enrolled',
  'identity/wrong-device',
]);

type Task = NonNullable<AgentStatus['task']>;
type Known = Pick<AgentStatus, 'plantName' | 'identity' | 'task' | 'problem' | 'network' | 'queue'>;

/** Tells which case it is; the agent has the last word when somebody goes on. */
export function caseOf(invitation: Invitation, known: Known): HandedCase {
  const { task, identity, plantName, problem, network, queue } = known;
  if (task !== null && task.id !== invitation.taskId) {
    return { kind: 'other-task', task, otherTaskId: invitation.taskId };
  }
  if (identity?.certificate === invitation.certificate) {
    if (problem !== null && ENROL_AGAIN.has(problem.code)) return { kind: 'renew' };
    const isOther = invitation.plantName !== plantName;
    return { kind: 'same', plantName, otherName: isOther ? invitation.plantName : null };
  }
  const from = identity === null ? network.server : identity.servers.join(', ');
  return { kind: 'replace', from, to: invitation.servers.join(', '), roundsWaiting: queue.roundsWaiting };
}
