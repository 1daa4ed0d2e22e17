import {
  type Invitation,
  invitationFile,
  invitationLink,
  readInvitation,
} from '@genba/shared/identity/invitation';
import { describe, expect, it } from 'vitest';
import { invitationTextIn, readInvitationFile } from './invitation-file.ts';

const INVITATION: Invitation = {
  version: 1,
  servers: ['wss://genba.example.co.jp:8600'],
  certificate: 'ab'.repeat(32),
  code: '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
  taskId: 'digits',
  plantName: '仙台 第一工場',
  expiresAt: '2099-11-30T00:00:00.000Z',
};
const LINK = invitationLink(INVITATION);
const toFullWidth = (text: string) =>
  text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
const utf16 = (text: string) =>
  new Uint8Array([0xff, 0xfe, ...new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer)]);

describe('an invitation in the window', () => {
  it.each<[string, string]>([
    ['as it is', LINK],
    [
      'in full-width characters, in brackets and broken into lines',
      `「${toFullWidth(LINK).replace(/(.{60})/g, '$1\r\n')}」\n`,
    ],
    ['as the content of a file', `\ufeff${invitationFile(INVITATION)}`.slice(1)],
  ])('is read %s', (_, typed) => {
    expect(readInvitation(invitationTextIn(typed), new Date())).toEqual(INVITATION);
  });

  it.each<[string, BlobPart]>([
    ['UTF-8', invitationFile(INVITATION)],
    ['UTF-8 with a mark', `\ufeff${invitationFile(INVITATION)}`],
    ['UTF-16, as Windows editors save it', utf16(invitationFile(INVITATION))],
    ['a link in a file', LINK],
  ])('is read from a file in %s', async (_, content) => {
    const read = await readInvitationFile(new Blob([content]));
    expect(read.kind).toBe('text');
    const text = read.kind === 'text' ? read.text : '';
    expect(readInvitation(invitationTextIn(text), new Date())).toEqual(INVITATION);
  });

  it('is not looked for in a large file', async () => {
    expect(await readInvitationFile(new Blob(['x'.repeat(70_000)]))).toEqual({ kind: 'other' });
  });
});
