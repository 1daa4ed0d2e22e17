import { beforeEach, describe, expect, it } from 'vitest';
import type { Arrival, Device, IdentityRegister, NewInvitation } from './identity-register.ts';

const TIME = '2026-11-23T06:00:00.000Z';
const LATER = '2026-11-24T06:00:00.000Z';
const DOING = { at: TIME, actor: 'operator test' };

/** Digests by a readable letter. */
function digest(letter: string): string {
  return letter.repeat(64);
}

function key(letter: string): { keyId: string; publicKey: string } {
  return { keyId: digest(letter), publicKey: letter.repeat(43) };
}

function invitation(letter: string, changes: Partial<NewInvitation> = {}): NewInvitation {
  return { codeDigest: digest(letter), taskId: 'task', plantName: '仙台', expiresAt: LATER, ...changes };
}

function arrival(clientId: string, changes: Partial<Arrival> = {}): Arrival {
  return { clientId, taskId: 'task', at: TIME, remoteAddress: '192.0.2.1', ...changes };
}

/**
 * What every identity register does.
 * @param open an empty one that knows the tasks `task` and `other`
 */
export function describeIdentityRegister(name: string, open: () => Promise<IdentityRegister>): void {
  describe(name, () => {
    let register: IdentityRegister;
    /** Enrols a client with the key and the code of one letter. */
    const enrol = async (clientId: string, letter: string): Promise<Device> => {
      await register.addInvitation(invitation(letter), DOING);
      return register.enrol(arrival(clientId), { ...key(letter), codeDigest: digest(letter) });
    };
    const refuses = (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ code });

    beforeEach(async () => {
      register = await open();
    });

    it('says where the audit record ends', async () => {
      expect(await register.auditHead()).toEqual({ sequence: 0, digest: digest('0') });
      await enrol('osaka', 'a');
      expect(await register.auditHead()).toEqual({
        sequence: 2,
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    });

    it('enrols a device with a code, and admits it by its key', async () => {
      const device = await enrol('osaka', 'a');
      expect(device).toEqual({
        deviceId: expect.any(String),
        taskId: 'task',
        clientId: 'osaka',
        plantName: '仙台',
        keyId: digest('a'),
        nextKeyId: null,
        enrolledAt: TIME,
        revokedAt: null,
      });
      expect(await register.admit(arrival('osaka'), digest('a'))).toEqual(device);
      expect(await register.admit(arrival('osaka', { taskId: null }), digest('a'))).toEqual(device);
      expect(await register.devices()).toEqual([{ ...device, program: null }]);
      expect(await register.invitations()).toEqual([{ ...invitation('a'), createdAt: TIME, spentAt: TIME }]);
    });

    it('gives the same answer to the same enrolment, also when the code’s time is over', async () => {
      const device = await enrol('osaka', 'a');
      const again = arrival('osaka', { at: '2027-11-23T06:00:00.000Z' });
      expect(await register.enrol(again, { ...key('a'), codeDigest: digest('a') })).toEqual(device);
      expect(await register.devices()).toEqual([{ ...device, program: null }]);
    });

    it('refuses a spent code to another key and to another client', async () => {
      await enrol('osaka', 'a');
      const codeDigest = digest('a');
      await refuses(register.enrol(arrival('osaka'), { ...key('b'), codeDigest }), 'identity/code-spent');
      await refuses(register.enrol(arrival('kobe'), { ...key('a'), codeDigest }), 'identity/code-spent');
    });

    it('takes a code until its time is over, and not from that moment on', async () => {
      await register.addInvitation(invitation('a'), DOING);
      const shown = { ...key('a'), codeDigest: digest('a') };
      await refuses(register.enrol(arrival('osaka', { at: LATER }), shown), 'identity/code-expired');
      await register.enrol(arrival('osaka', { at: '2026-11-24T05:59:59.999Z' }), shown);
    });

    it('takes a code for its task only', async () => {
      await register.addInvitation(invitation('a'), DOING);
      const shown = { ...key('a'), codeDigest: digest('a') };
      await refuses(register.enrol(arrival('osaka', { taskId: 'other' }), shown), 'identity/code-unknown');
      const device = await register.enrol(arrival('osaka', { taskId: null }), shown);
      expect(device.taskId).toBe('task');
    });

    it('knows no code that was never made', async () => {
      const shown = { ...key('a'), codeDigest: digest('a') };
      await refuses(register.enrol(arrival('osaka'), shown), 'identity/code-unknown');
    });

    it('takes no second key of a client before the first is revoked, and spends no code on it', async () => {
      const { deviceId } = await enrol('osaka', 'a');
      await refuses(enrol('osaka', 'b'), 'identity/already-enrolled');
      await register.revoke([deviceId], DOING);
      const shown = { ...key('b'), codeDigest: digest('b') };
      expect(await register.enrol(arrival('osaka'), shown)).toMatchObject({ keyId: digest('b') });
    });

    it('takes no key that another device has or has announced', async () => {
      const { deviceId } = await enrol('osaka', 'a');
      const announcement = { deviceId, oldKeyId: digest('a'), at: TIME, remoteAddress: '192.0.2.1' };
      await register.announceKey(announcement, key('c'));
      await register.addInvitation(invitation('b'), DOING);
      const codeDigest = digest('b');
      for (const letter of ['a', 'c'])
        await refuses(
          register.enrol(arrival('kobe'), { ...key(letter), codeDigest }),
          'identity/wrong-device',
        );
    });

    it('admits no key it does not know, of another client, or of another task', async () => {
      await enrol('osaka', 'a');
      await refuses(register.admit(arrival('osaka'), digest('b')), 'identity/unknown-key');
      await refuses(register.admit(arrival('kobe'), digest('a')), 'identity/wrong-device');
      await refuses(
        register.admit(arrival('osaka', { taskId: 'other' }), digest('a')),
        'identity/wrong-device',
      );
    });

    it('lets a client take part in two tasks with a key each', async () => {
      await enrol('osaka', 'a');
      await register.addInvitation(invitation('b', { taskId: 'other' }), DOING);
      const inOther = arrival('osaka', { taskId: 'other' });
      await register.enrol(inOther, { ...key('b'), codeDigest: digest('b') });
      expect(await register.admit(inOther, digest('b'))).toMatchObject({ taskId: 'other' });
      expect(await register.admit(arrival('osaka'), digest('a'))).toMatchObject({ taskId: 'task' });
    });

    it('locks a device out for good: its key, its code, its announced key', async () => {
      const { deviceId } = await enrol('osaka', 'a');
      const { deviceId: other } = await enrol('kobe', 'b');
      const announcement = { deviceId, oldKeyId: digest('a'), at: TIME, remoteAddress: '192.0.2.1' };
      await register.announceKey(announcement, key('c'));
      expect(await register.revokedAmong([deviceId, other])).toEqual([]);
      expect(await register.revoke([deviceId], { ...DOING, at: LATER })).toMatchObject([
        { deviceId, revokedAt: LATER },
      ]);
      expect(await register.revoke([deviceId], DOING)).toEqual([]);
      expect(await register.revokedAmong([deviceId, other, 'unknown'])).toEqual([deviceId]);
      for (const letter of ['a', 'c']) {
        await refuses(register.admit(arrival('osaka'), digest(letter)), 'identity/revoked');
      }
      const shown = { ...key('a'), codeDigest: digest('a') };
      await refuses(register.enrol(arrival('osaka'), shown), 'identity/revoked');
      await refuses(register.announceKey(announcement, key('d')), 'identity/revoked');
      await register.admit(arrival('kobe'), digest('b'));
    });

    it('keeps the old key until the announced one was used, and forgets it then', async () => {
      const { deviceId } = await enrol('osaka', 'a');
      const announcement = { deviceId, oldKeyId: digest('a'), at: TIME, remoteAddress: '192.0.2.1' };
      await register.announceKey(announcement, key('b'));
      await register.announceKey(announcement, key('b'));
      expect(await register.admit(arrival('osaka'), digest('a'))).toMatchObject({ nextKeyId: digest('b') });
      const moved = { deviceId, keyId: digest('b'), nextKeyId: null };
      expect(await register.admit(arrival('osaka'), digest('b'))).toMatchObject(moved);
      await refuses(register.admit(arrival('osaka'), digest('a')), 'identity/unknown-key');
      // A connection that the old key opened announces nothing any more.
      await refuses(register.announceKey(announcement, key('c')), 'identity/unknown-key');
      // Said again, when it is done already.
      await register.announceKey({ ...announcement, oldKeyId: digest('b') }, key('b'));
      expect(await register.devices()).toMatchObject([moved]);
    });

    it('takes the key announced last, and none of another device', async () => {
      const { deviceId } = await enrol('osaka', 'a');
      await enrol('kobe', 'b');
      const announcement = { deviceId, oldKeyId: digest('a'), at: TIME, remoteAddress: '192.0.2.1' };
      await register.announceKey(announcement, key('c'));
      await register.announceKey(announcement, key('d'));
      await refuses(register.admit(arrival('osaka'), digest('c')), 'identity/unknown-key');
      await refuses(register.announceKey(announcement, key('b')), 'identity/wrong-device');
      expect(await register.admit(arrival('osaka'), digest('d'))).toMatchObject({ keyId: digest('d') });
    });

    it('ends an open invitation once, and no other', async () => {
      await enrol('osaka', 'a');
      await register.addInvitation(invitation('b'), DOING);
      expect(await register.withdrawInvitation(digest('a'), DOING)).toBe(false);
      expect(await register.withdrawInvitation(digest('c'), DOING)).toBe(false);
      expect(await register.withdrawInvitation(digest('b'), DOING)).toBe(true);
      expect(await register.withdrawInvitation(digest('b'), DOING)).toBe(false);
      const shown = { ...key('b'), codeDigest: digest('b') };
      await refuses(register.enrol(arrival('kobe'), shown), 'identity/code-expired');
    });

    it('makes no invitation to a task that does not exist, nor the same twice', async () => {
      await expect(register.addInvitation(invitation('a', { taskId: 'none' }), DOING)).rejects.toThrow();
      await register.addInvitation(invitation('a'), DOING);
      await expect(register.addInvitation(invitation('a'), DOING)).rejects.toThrow();
    });
  });
}
