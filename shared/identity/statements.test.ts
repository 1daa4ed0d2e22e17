import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Conversation,
  enrolStatement,
  fileStatement,
  invitedStatement,
  proofStatement,
  rotateStatement,
} from './statements.ts';

const CONVERSATION: Conversation = {
  channel: new Uint8Array(32).fill(1),
  nonce: new Uint8Array(32).fill(2),
  clientId: 'client',
  taskId: 'task',
};
const KEY = new Uint8Array(32).fill(3);

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('statements', () => {
  it('are label, channel, nonce, client, task and key, each behind its length', () => {
    const field = (content: Uint8Array | string) => {
      const bytes = Buffer.from(content);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.byteLength);
      return Buffer.concat([length, bytes]);
    };
    const { channel, nonce } = CONVERSATION;
    const start = [field(channel), field(nonce), field('client'), field('task')];
    expect(hex(proofStatement(CONVERSATION, { keyId: 'key' }))).toBe(
      hex(Buffer.concat([field('genba.v1 proof'), ...start, field('key')])),
    );
    expect(hex(enrolStatement(CONVERSATION, { code: 'CODE', publicKey: KEY }))).toBe(
      hex(Buffer.concat([field('genba.v1 enrol'), ...start, field('CODE'), field(KEY)])),
    );
    expect(hex(rotateStatement(CONVERSATION, { oldKeyId: 'old', publicKey: KEY }))).toBe(
      hex(Buffer.concat([field('genba.v1 rotate'), ...start, field('old'), field(KEY)])),
    );
  });

  it('differ as soon as one thing they are about differs', () => {
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const text = fc.string({ minLength: 1, maxLength: 6 });
    const subject = { channel: bytes32, nonce: bytes32, clientId: text, taskId: text, secret: text };
    const statements = (of: Conversation & { secret: string }) => [
      hex(proofStatement(of, { keyId: of.secret })),
      hex(enrolStatement(of, { code: of.secret, publicKey: KEY })),
      hex(rotateStatement(of, { oldKeyId: of.secret, publicKey: KEY })),
    ];
    const field = fc.constantFrom(...(Object.keys(subject) as (keyof typeof subject)[]));
    fc.assert(
      fc.property(fc.record(subject), fc.record(subject), field, (one, other, changed) => {
        const two = { ...one, [changed]: other[changed] };
        fc.pre(JSON.stringify(two) !== JSON.stringify(one));
        const all = [...statements(one), ...statements(two)];
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  it('keep text that moves from one field into the next apart', () => {
    const statement = (clientId: string, taskId: string | null) =>
      hex(proofStatement({ ...CONVERSATION, clientId, taskId }, { keyId: 'key' }));
    expect(new Set([statement('ab', 'c'), statement('a', 'bc'), statement('abc', null)]).size).toBe(3);
  });

  it('write text as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (clientId) => {
        const statement = Buffer.from(proofStatement({ ...CONVERSATION, clientId }, { keyId: 'key' }));
        const at = 4 + 'genba.v1 proof'.length + 2 * (4 + 32);
        const length = statement.readUInt32BE(at);
        expect(statement.subarray(at + 4, at + 4 + length).toString('utf8')).toBe(clientId);
        expect(length).toBe(Buffer.byteLength(clientId));
      }),
    );
  });

  it.each([0, 31, 33])('refuse a channel, a nonce and a key of %i bytes', (length) => {
    const wrong = new Uint8Array(length);
    expect(() => proofStatement({ ...CONVERSATION, channel: wrong }, { keyId: 'k' })).toThrow(RangeError);
    expect(() => proofStatement({ ...CONVERSATION, nonce: wrong }, { keyId: 'k' })).toThrow(RangeError);
    expect(() => enrolStatement(CONVERSATION, { code: 'C', publicKey: wrong })).toThrow(RangeError);
    expect(() => rotateStatement(CONVERSATION, { oldKeyId: 'k', publicKey: wrong })).toThrow(RangeError);
  });

  it('about files are label and header, and differ by who writes and by every byte', () => {
    const header = Buffer.from('{"format":1}');
    const length = (bytes: number) => Buffer.from([0, 0, 0, bytes]);
    expect(hex(fileStatement('device', header))).toBe(
      hex(Buffer.concat([length(23), Buffer.from('genba.v1 file of device'), length(header.length), header])),
    );
    const others = [
      fileStatement('device', header),
      fileStatement('aggregator', header),
      fileStatement('device', header.subarray(1)),
    ];
    expect(new Set(others.map(hex)).size).toBe(3);
  });

  it('about an enrolment by file differ by client, task, key and aggregator', () => {
    const asked = { clientId: 'c', taskId: 't', publicKey: KEY, certificate: 'ab' };
    const changes = [
      {},
      { clientId: 'd' },
      { taskId: 'u' },
      { publicKey: new Uint8Array(32) },
      { certificate: 'ac' },
      { clientId: 'ct', taskId: '' },
    ];
    const all = changes.map((change) => hex(invitedStatement({ ...asked, ...change })));
    expect(new Set(all).size).toBe(all.length);
    expect(() => invitedStatement({ ...asked, publicKey: new Uint8Array(31) })).toThrow(RangeError);
  });
});
