import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { AuditNote } from '../store/audit-chain.ts';
import { type Refusal, RefusalRecord } from './refusal-record.ts';

const refusal = (changes: Partial<Refusal> = {}): Refusal => ({
  code: 'identity/unknown-key',
  remoteAddress: '192.0.2.1',
  claimedClient: 'client',
  claimedTask: null,
  ...changes,
});

function recorded() {
  const notes: AuditNote[] = [];
  const register = {
    note: async (note: AuditNote) => {
      notes.push(note);
    },
  };
  return { notes, record: new RefusalRecord({ register, log: pino({ level: 'silent' }) }) };
}

const facts = (notes: readonly AuditNote[]) =>
  notes.map(({ event, remoteAddress, detail }) => [event, remoteAddress, detail.code, detail.count]);

it('writes the first of a kind at once, and how often it was repeated at the end', async () => {
  const { notes, record } = recorded();
  for (let attempt = 0; attempt < 5; attempt++) record.add(refusal());
  record.add(refusal({ code: 'identity/bad-signature' }));
  record.add(refusal({ remoteAddress: '192.0.2.2' }));
  // One user owns a whole /64 network.
  record.add(refusal({ remoteAddress: '2001:db8::1' }));
  record.add(refusal({ remoteAddress: '2001:db8::2' }));
  await record.close();
  expect(facts(notes)).toEqual([
    ['handshake-refused', '192.0.2.1', 'identity/unknown-key', undefined],
    ['handshake-refused', '192.0.2.1', 'identity/bad-signature', undefined],
    ['handshake-refused', '192.0.2.2', 'identity/unknown-key', undefined],
    ['handshake-refused', '2001:db8::1', 'identity/unknown-key', undefined],
    ['handshakes-refused', '192.0.2.1', 'identity/unknown-key', 4],
    ['handshakes-refused', '2001:db8::1', 'identity/unknown-key', 1],
  ]);
});

it('writes a bounded number of rows whatever comes, and loses none of the count', async () => {
  const { notes, record } = recorded();
  const attempts = 10_000;
  for (let attempt = 0; attempt < attempts; attempt++)
    record.add(refusal({ remoteAddress: `10.0.${attempt >> 8}.${attempt & 255}` }));
  await record.close();
  expect(notes).toHaveLength(51);
  expect(facts(notes).at(-1)).toEqual(['handshakes-refused', null, null, attempts - 50]);
});
