import { describe, expect, it } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { type Invitation, invitationFile, invitationLink, readInvitation } from './invitation.ts';

const NOW = new Date('2026-11-23T00:00:00Z');
const INVITATION: Invitation = {
  version: 1,
  servers: ['wss://genba.example.co.jp:8600', 'wss://192.168.10.5:8600', 'wss://[fd00::5]:8600'],
  certificate: 'ab'.repeat(32),
  code: '0123456789ABCDEFGHJKMNPQRSTVWXYZ',
  taskId: 'mnist',
  plantName: '仙台 第一工場 & A/B=100%',
  expiresAt: '2026-11-30T00:00:00.000Z',
};

const codeOf = (text: string, now = NOW) => {
  try {
    readInvitation(text, now);
    return null;
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : thrown;
  }
};

describe('an invitation', () => {
  it('comes back from its link and from its file as it was', () => {
    expect(readInvitation(invitationLink(INVITATION), NOW)).toEqual(INVITATION);
    expect(readInvitation(`\n ${invitationFile(INVITATION)} `, NOW)).toEqual(INVITATION);
  });

  it('has a link of plain characters that a QR code holds', () => {
    const link = invitationLink({ ...INVITATION, plantName: '工'.repeat(100) });
    expect(link).toMatch(/^genba:\/\/enrol\?[!-~]+$/);
    // Most bytes of a QR code with the least error correction.
    expect(link.length).toBeLessThan(2953);
  });

  it('is refused once its time is over, and not a moment before', () => {
    const link = invitationLink(INVITATION);
    expect(codeOf(link, new Date('2026-11-29T23:59:59.999Z'))).toBeNull();
    expect(codeOf(link, new Date(INVITATION.expiresAt))).toBe('invitation/expired');
  });

  it('of a newer version is called that, whatever else it holds', () => {
    expect(codeOf('genba://enrol?v=2&something=new')).toBe('invitation/newer-version');
    expect(codeOf('{"version":2,"something":"new"}')).toBe('invitation/newer-version');
  });

  it.each([
    ['nothing', ''],
    ['another link', 'https://example.com/'],
    ['a link cut short', invitationLink(INVITATION).slice(0, -40)],
    ['a broken percent sign', `${invitationLink(INVITATION)}%E4%`],
    ['a code given twice', `${invitationLink(INVITATION)}&code=${INVITATION.code}`],
    ['a file cut short', invitationFile(INVITATION).slice(0, -20)],
    ['a file with one thing more', JSON.stringify({ ...INVITATION, more: 1 })],
    ['a server without TLS', JSON.stringify({ ...INVITATION, servers: ['ws://a:1'] })],
    ['a server with a path', JSON.stringify({ ...INVITATION, servers: ['wss://a:1/x'] })],
    ['a server without a port', JSON.stringify({ ...INVITATION, servers: ['wss://a'] })],
    ['a port that does not exist', JSON.stringify({ ...INVITATION, servers: ['wss://a:65536'] })],
    ['no server', JSON.stringify({ ...INVITATION, servers: [] })],
    ['too much', JSON.stringify({ ...INVITATION, plantName: 'x'.repeat(20_000) })],
  ])('that is %s is broken', (_, text) => {
    expect(codeOf(text)).toBe('invitation/broken');
  });

  it('that is broken never shows its code in the error', () => {
    const text = JSON.stringify({ ...INVITATION, code: 'secret' });
    expect(() => readInvitation(text, NOW)).toThrow(expect.objectContaining({ detail: 'code' }));
  });
});
