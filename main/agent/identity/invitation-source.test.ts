import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Invitation,
  invitationFile,
  invitationLink,
  readInvitation,
} from '@genba/shared/identity/invitation';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { invitationText } from './invitation-source.ts';

const INVITATION: Invitation = {
  version: 1,
  servers: ['wss://genba.example.co.jp:8600', 'wss://[fd00::5]:8600'],
  certificate: 'ab'.repeat(32),
  code: '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
  taskId: 'digits',
  plantName: '仙台 第一工場',
  expiresAt: '2099-11-30T00:00:00.000Z',
};
const LINK = invitationLink(INVITATION);
const CONTENT = invitationFile(INVITATION);
const NAME = '仙台 第一工場（予備）.genba-invite';

const read = (typed: string) => readInvitation(invitationText(typed), new Date());
const toFullWidth = (text: string) =>
  text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));

describe('an invitation as a person gives it', () => {
  it.each<[string, string]>([
    ['as it is', LINK],
    ['with spaces around', `  ${LINK}\n`],
    ['in quotation marks', `"${LINK}"`],
    ['in Japanese quotation marks', `「${LINK}」`],
    ['in the curly quotation marks of a mail program', `“${LINK}”`],
    ['broken into lines by a mail program', LINK.replace(/(.{60})/g, '$1\r\n ')],
    ['typed in full-width mode', toFullWidth(LINK)],
    ['with a capital scheme', LINK.replace('genba:', 'GENBA:')],
  ])('is read from a link %s', (_, typed) => {
    expect(read(typed)).toEqual(INVITATION);
  });

  it('is read from the content of a file', () => {
    expect(read(CONTENT)).toEqual(INVITATION);
  });

  it.each<[string, (file: string) => string]>([
    ['its path', (file) => file],
    ['its path in quotation marks, as dragged in', (file) => `'${file}' `],
    ['its path in double quotation marks', (file) => `"${file}"`],
    ['its address', (file) => pathToFileURL(file).href],
    ['its path as another system composes its characters', (file) => file.normalize('NFD')],
  ])('is read from a file given by %s', (_, given) => {
    const { write } = temporaryFolder();
    expect(read(given(write(path.join('招待 状', NAME.normalize('NFC')), CONTENT)))).toEqual(INVITATION);
  });

  it.each<[string, Uint8Array | string]>([
    ['the link', LINK],
    ['UTF-16, as editors of Windows save', Buffer.from(`\ufeff${CONTENT}`, 'utf16le')],
    ['UTF-8 with a mark before it', `\ufeff${CONTENT}`],
  ])('is read from a file that holds %s', (_, content) => {
    expect(read(temporaryFolder().write(NAME, content))).toEqual(INVITATION);
  });

  it.each<[string, (folder: string) => string]>([
    ['a file that is not there', (folder) => path.join(folder, NAME)],
    ['a folder', (folder) => folder],
    ['nothing', () => ' '],
    ['some words', () => 'the invitation'],
  ])('is not found in %s', (_, given) => {
    const { root } = temporaryFolder();
    const read = () => invitationText(given(root));
    expect(read).toThrow(expect.objectContaining({ code: 'invitation/not-found' }));
  });

  it('is not looked for in a film', () => {
    const file = temporaryFolder().write('film.mp4', Buffer.alloc(1024 * 1024));
    expect(() => invitationText(file)).toThrow(expect.objectContaining({ code: 'invitation/broken' }));
  });
});
