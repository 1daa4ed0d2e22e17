import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Invitation, invitationFile, invitationLink } from '@genba/shared/identity/invitation';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { findOpening, InvitationInbox } from './invitation-inbox.ts';

const NOW = new Date('2026-11-26T09:00:00Z');
const INVITATION: Invitation = {
  version: 1,
  servers: ['wss://genba.example.co.jp:8600'],
  certificate: 'ab'.repeat(32),
  code: '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
  taskId: 'digits',
  plantName: '仙台 第一工場',
  expiresAt: '2026-12-03T09:00:00Z',
};
const LINK = invitationLink(INVITATION);

describe('findOpening', () => {
  it('finds a link among what else a start is told, also with the slash that some browsers put in', () => {
    expect(findOpening(['--data=/x', LINK, '--lang=ja'], '/')).toEqual({ link: LINK });
    expect(findOpening([LINK.replace('enrol?', 'enrol/?')], '/')).toEqual({ link: LINK });
  });

  it('finds a file, from the folder of the start that named it', () => {
    expect(findOpening(['招待 1.genba-invite'], '/media/usb')).toEqual({
      file: resolve('/media/usb', '招待 1.genba-invite'),
    });
    expect(findOpening(['A.GENBA-INVITE'], '/')).toEqual({ file: resolve('/A.GENBA-INVITE') });
  });

  it.each([
    [['--data=/home/x.genba-invite']],
    [['genba://app/desktop/index.html']],
    [['genba://enrolment?x']],
    [['https://example.com/?genba://enrol?v=1']],
    [['notes.txt', '.']],
    [[]],
  ])('opens nothing of %j', (args) => {
    expect(findOpening(args, '/')).toBeNull();
  });
});

describe('InvitationInbox', () => {
  let arrivals = 0;
  let inbox: InvitationInbox;
  beforeEach(() => {
    arrivals = 0;
    inbox = new InvitationInbox(
      () => NOW,
      () => arrivals++,
    );
  });

  function fileWith(content: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'genba 招待 '));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, '仙台 第一.genba-invite');
    writeFileSync(file, content);
    return file;
  }

  it('gives a link out once', async () => {
    expect(inbox.take()).toBeNull();
    await inbox.hand({ link: LINK });
    expect(arrivals).toBe(1);
    expect(inbox.take()).toEqual({ state: 'ready', text: LINK });
    expect(inbox.take()).toBeNull();
  });

  it('gives the content of a file out, and the newest one only', async () => {
    await inbox.hand({ link: LINK });
    await inbox.hand({ file: fileWith(invitationFile(INVITATION)) });
    expect(inbox.take()).toEqual({ state: 'ready', text: invitationFile(INVITATION) });
  });

  it.each([
    ['a link cut short', { link: LINK.slice(0, 80) }, 'invitation/broken'],
    [
      'one that has expired',
      { link: invitationLink({ ...INVITATION, expiresAt: '2026-11-26T08:59:59Z' }) },
      'invitation/expired',
    ],
    ['no file', { file: '/nowhere/a.genba-invite' }, 'invitation/not-found'],
  ])('says why it refuses %s', async (_, opening, problem) => {
    await inbox.hand(opening);
    expect(inbox.take()).toEqual({ state: 'refused', problem });
    expect(arrivals).toBe(1);
  });

  it('reads no file to its end that is longer than any invitation', async () => {
    await inbox.hand({ file: fileWith(`${' '.repeat(70_000)}${invitationFile(INVITATION)}`) });
    expect(inbox.take()).toEqual({ state: 'refused', problem: 'invitation/broken' });
  });
});
