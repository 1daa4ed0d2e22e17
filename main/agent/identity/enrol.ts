import { createHash } from 'node:crypto';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { type Invitation, readInvitation } from '@genba/shared/identity/invitation';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import type { Dial } from '../network/dial.ts';
import type { ClientStore } from '../store/client-store.ts';
import { encryptedTarget, type Target } from '../sync/target.ts';
import type { DeviceStore, Enrolment } from './device-store.ts';
import { sayEnrol } from './enrol-conversation.ts';
import { presentedAnchor } from './presented-anchor.ts';

/** How far an enrolment is, for whoever waits for it. */
export type EnrolStep =
  | { readonly step: 'invited'; readonly plantName: string; readonly taskId: string }
  | { readonly step: 'connecting'; readonly server: string }
  | { readonly step: 'recognised'; readonly server: string }
  | { readonly step: 'done-before' };

export interface EnrolOptions {
  readonly device: DeviceStore;
  readonly client: ClientStore;
  readonly appVersion: string;
  /** Opens connections to the aggregator. */
  readonly dial: Dial;
  readonly onStep: (step: EnrolStep) => void;
  /** What the aggregator's clock says, ISO 8601. */
  readonly onServerTime: (serverTime: string) => void;
  /** Makes the enrolment this PC's own, and the task what its data are looked at for; durable when it returns. */
  readonly complete: (enrolment: Enrolment, task: Task) => void;
}

/** Whether an invitation has expired is of no matter to who was let in with it. */
const BEFORE_ANY_EXPIRY = new Date(0);

/**
 * Enrols this PC with an invitation. The key is on disk before the code is used, and nothing that was there before is
 * given up until the aggregator has let the new key in. So it may be cut or killed anywhere and be run again.
 * @param text the invitation: link or content of the file
 * @throws AppError `invitation/…`, `enrolment/…`, `tls/…`, `proxy/…`, the aggregator's refusal, `task/changed`
 */
export async function enrol(text: string, options: EnrolOptions): Promise<void> {
  const { device, client, onStep } = options;
  const invitation = readInvitation(text, BEFORE_ANY_EXPIRY);
  const { plantName, taskId, code, certificate, servers } = invitation;
  onStep({ step: 'invited', plantName, taskId });
  const known = client.task();
  if (known !== null && known.id !== taskId) {
    throw new AppError('enrolment/other-task', { detail: `${known.id} here, ${taskId} in the invitation` });
  }
  const codeDigest = createHash('sha256').update(code).digest('hex');
  if (device.enrolment()?.codeDigest === codeDigest && isKeyThere(device)) {
    onStep({ step: 'done-before' });
    return;
  }
  // The aggregator lets the same key in by the same code also after its time.
  if (!device.isEnrolling) readInvitation(text, new Date());
  const target = await findAggregator(invitation, options);
  const task = await introduce(target, invitation, options);
  requireSameModel(known, task);
  const enrolledAt = new Date().toISOString();
  const { anchor } = target;
  options.complete({ servers, certificate, anchor, taskId, plantName, codeDigest, enrolledAt }, task);
}

function isKeyThere(device: DeviceStore): boolean {
  try {
    device.connectionKey();
    return true;
  } catch {
    return false;
  }
}

/** The first of the invitation's addresses where its certificate is presented. */
async function findAggregator(
  { servers, certificate }: Invitation,
  { onStep, dial }: EnrolOptions,
): Promise<Target & { readonly anchor: string }> {
  let problem: AppError | null = null;
  for (const server of servers) {
    onStep({ step: 'connecting', server });
    try {
      const anchor = await presentedAnchor(server, { certificate, dial });
      onStep({ step: 'recognised', server });
      return { ...encryptedTarget(server, anchor), anchor };
    } catch (thrown) {
      // An answer of the wrong kind tells more than none.
      const found = toAppError(thrown);
      if (problem === null || problem.code === 'enrolment/unreachable') problem = found;
    }
  }
  throw problem!;
}

async function introduce(target: Target, invitation: Invitation, options: EnrolOptions): Promise<Task> {
  const { device, client, appVersion, dial, onServerTime } = options;
  const { plantName, taskId, code } = invitation;
  const { clientId } = client;
  const say = () => {
    const key = device.enrollingKey();
    return sayEnrol(target, { appVersion, clientId, plantName, taskId, code, key, dial, onServerTime });
  };
  try {
    return await say();
  } catch (thrown) {
    if (toAppError(thrown).code !== 'identity/revoked') throw thrown;
    // An earlier attempt got the key through without hearing of it, and then it was revoked.
    device.dropEnrollingKey();
    return say();
  }
}

/** @throws AppError `task/changed` when what this PC has learnt would not fit the task any more */
function requireSameModel(known: Task | null, task: Task): void {
  if (known === null || JSON.stringify(weightLayout(known)) === JSON.stringify(weightLayout(task))) return;
  throw new AppError('task/changed', { detail: task.id });
}
