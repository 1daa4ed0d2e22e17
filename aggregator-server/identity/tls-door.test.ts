import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { fingerprintOf } from './certificates.ts';
import { readServing, writeServing } from './serving-file.ts';
import { TlsDoor } from './tls-door.ts';

const NOW = new Date();
const DAY_MS = 24 * 60 * 60 * 1000;
const SECURITY = { kind: 'enrolled', addresses: ['wss://localhost:8600'] } as const;

async function openDoor(options: { folder?: string; now?: () => Date } = {}) {
  const folder = options.folder ?? join(await temporaryFolder(), 'identity');
  const lines: { msg: string }[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  const door = await TlsDoor.open({ security: SECURITY, folder, host: '127.0.0.1', log, now: options.now });
  onTestFinished(() => door.close());
  return { door, folder, messages: () => lines.map(({ msg }) => msg) };
}

it('presents a renewed certificate to who connects next, without a pause', async () => {
  let now = NOW;
  const { door, messages } = await openDoor({ now: () => now });
  const anchor = door.presented.anchor.toString();
  const first = door.presented;
  const server = createServer({ cert: first.chainPem, key: first.keyPem }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const seen = async () => {
    const socket = connect({ port, host: 'localhost', ca: anchor });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const present = ({ chainPem, keyPem }: typeof first) =>
    server.setSecureContext({ cert: chainPem, key: keyPem });
  await door.renew(present);
  expect(await seen()).toBe(first.certificate.fingerprint256);
  now = new Date(NOW.getTime() + 370 * DAY_MS);
  await door.renew(present);
  expect(door.presented.certificate.fingerprint256).not.toBe(first.certificate.fingerprint256);
  expect(fingerprintOf(door.presented.anchor)).toBe(fingerprintOf(first.anchor));
  // Backdated by a day only: who connects has the time of the test's future.
  const socket = connect({ port, host: 'localhost', ca: anchor, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  expect(socket.getPeerCertificate().fingerprint256).toBe(door.presented.certificate.fingerprint256);
  socket.destroy();
  expect(messages()).toEqual(['certificate renewed']);
});

it('writes down how it is reached, and warns when plants would have to trust another certificate', async () => {
  const { door, folder, messages } = await openDoor();
  const serving = { addresses: [...SECURITY.addresses], certificate: fingerprintOf(door.presented.anchor) };
  expect(await door.publish(8600)).toEqual(serving);
  expect(await door.publish(8600)).toEqual(serving);
  expect(await readServing(folder)).toEqual(serving);
  expect(messages()).toEqual([]);
  const other = await openDoor();
  await other.door.publish(8600);
  await writeServing(other.folder, serving);
  await other.door.publish(8600);
  expect(other.messages()).toEqual([expect.stringContaining('must enrol again')]);
});
