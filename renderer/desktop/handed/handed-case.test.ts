import type { Invitation } from '@genba/shared/identity/invitation';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import { describe, expect, it } from 'vitest';
import { plantStatus } from '../plant-status.fixture.ts';
import { caseOf } from './handed-case.ts';

const HERE = 'ab'.repeat(32);
const ELSEWHERE = 'cd'.repeat(32);
const TASK = {
  id: 'caps',
  name: { en: 'Caps', ja: 'キャップ' },
  input: 'image' as const,
  classes: ['OK', 'NG'],
};

const invitation = (change: Partial<Invitation> = {}): Invitation => ({
  version: 1,
  servers: ['wss://new.example:8600'],
  certificate: HERE,
  code: '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
  taskId: 'caps',
  plantName: 'Toyohashi',
  expiresAt: '2099-01-01T00:00:00.000Z',
  ...change,
});

const identity: AgentStatus['identity'] = {
  taskId: 'caps',
  plantName: 'Toyohashi',
  servers: ['wss://old.example:8600', 'wss://old.example:8601'],
  certificate: HERE,
  enrolledAt: '2026-11-01T00:00:00.000Z',
  keyId: 'ef'.repeat(32),
  keyCreatedAt: '2026-11-01T00:00:00.000Z',
  nextKeyId: null,
};
const enrolled = (change: Partial<AgentStatus> = {}) =>
  plantStatus({ security: 'enrolled', identity, task: TASK, ...change });

describe('caseOf', () => {
  it('knows the aggregator by its certificate, whatever its address', () => {
    expect(caseOf(invitation(), enrolled())).toEqual({
      kind: 'same',
      plantName: 'Toyohashi',
      otherName: null,
    });
  });

  it('sees that an invitation was meant for another PC', () => {
    expect(caseOf(invitation({ plantName: 'Toyota' }), enrolled())).toMatchObject({ otherName: 'Toyota' });
  });

  it.each(['identity/revoked', 'identity/key-lost', 'identity/unknown-key'] as const)(
    'offers to enrol again where the aggregator does not let this PC in: %s',
    (code) => {
      expect(caseOf(invitation(), enrolled({ problem: { code, detail: null } }))).toEqual({ kind: 'renew' });
    },
  );

  it('does not take another problem for that', () => {
    for (const code of ['store/disk-full', 'identity/channel-mismatch'] as const)
      expect(caseOf(invitation(), enrolled({ problem: { code, detail: null } })).kind).toBe('same');
  });

  it('never changes over to another task, whoever asks', () => {
    for (const certificate of [HERE, ELSEWHERE]) {
      expect(caseOf(invitation({ certificate, taskId: 'welds' }), enrolled())).toEqual({
        kind: 'other-task',
        task: TASK,
        otherTaskId: 'welds',
      });
    }
  });

  it('asks before it changes over to another aggregator, and says what waits', () => {
    const queue = { ...plantStatus().queue, roundsWaiting: 7 };
    expect(caseOf(invitation({ certificate: ELSEWHERE }), enrolled({ queue }))).toEqual({
      kind: 'replace',
      from: 'wss://old.example:8600, wss://old.example:8601',
      to: 'wss://new.example:8600',
      roundsWaiting: 7,
    });
  });

  it('does so where the one until now is used without encryption', () => {
    expect(caseOf(invitation(), plantStatus())).toMatchObject({ kind: 'replace', from: '127.0.0.1:7600' });
  });
});
