import { randomBytes } from 'node:crypto';
import { toEnrolmentCode } from '@genba/shared/identity/enrolment-code';
import { type Invitation, invitationLink } from '@genba/shared/identity/invitation';
import { CODE_BYTES } from '@genba/shared/identity/wire-types';
import { type Authority, fingerprintOf } from './certificates.ts';
import type { TestAggregator } from './test-aggregator.ts';

const HOUR_MS = 3_600_000;

/** Has an aggregator expect a plant; gives the link. */
export function invite(
  aggregator: TestAggregator,
  authority: Authority,
  change: Partial<Invitation> = {},
): string {
  const invitation: Invitation = {
    version: 1,
    servers: [aggregator.address],
    certificate: fingerprintOf(authority),
    code: toEnrolmentCode(randomBytes(CODE_BYTES)),
    taskId: aggregator.task.id,
    plantName: '仙台 第一工場',
    expiresAt: new Date(Date.now() + HOUR_MS).toISOString(),
    ...change,
  };
  if (!aggregator.codes.has(invitation.code)) aggregator.codes.set(invitation.code, null);
  return invitationLink(invitation);
}
