import { createHash, createPublicKey, verify } from 'node:crypto';
import { base64url32, keyId, signature } from '@genba/shared/identity/wire-types';
import { describe, expect, it } from 'vitest';
import { DeviceKey } from './device-key.ts';

const STATEMENT = Buffer.from('what was said');

/** RFC 8032, 7.1, test 1, with the PKCS #8 frame of RFC 8410. */
const RFC = {
  pem: `-----BEGIN PRIVATE KEY-----\n${Buffer.from(
    '302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  ).toString('base64')}\n-----END PRIVATE KEY-----\n`,
  publicKey: Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex'),
  signatureOfNothing:
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
};

describe('a device key', () => {
  it('travels in the forms of the contract, and its signature verifies', () => {
    const key = DeviceKey.create();
    expect(base64url32.parse(key.publicKey)).toBe(key.publicKey);
    expect(keyId.parse(key.keyId)).toBe(key.keyId);
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey },
      format: 'jwk',
    });
    const signed = Buffer.from(signature.parse(key.sign(STATEMENT)), 'base64url');
    expect(verify(null, STATEMENT, publicKey, signed)).toBe(true);
    expect(verify(null, Buffer.from('something else'), publicKey, signed)).toBe(false);
  });

  it('signs as RFC 8032 does', () => {
    const id = createHash('sha256').update(RFC.publicKey).digest('hex');
    const key = DeviceKey.fromPem(RFC.pem, id);
    expect(Buffer.from(key.publicKeyBytes)).toEqual(RFC.publicKey);
    expect(Buffer.from(key.sign(Buffer.alloc(0)), 'base64url').toString('hex')).toBe(RFC.signatureOfNothing);
  });

  it('comes back from what was stored', () => {
    const key = DeviceKey.create();
    const again = DeviceKey.fromPem(key.toPem(), key.keyId);
    expect(again.publicKey).toBe(key.publicKey);
    expect(again.sign(STATEMENT)).toBe(key.sign(STATEMENT));
  });

  it.each([
    ['nothing', () => ''],
    ['a file cut short', (pem: string) => pem.slice(0, 60)],
    ['another key', () => DeviceKey.create().toPem()],
  ])('is lost when its file holds %s', (_, content) => {
    const key = DeviceKey.create();
    const read = () => DeviceKey.fromPem(content(key.toPem()), key.keyId);
    expect(read).toThrow(expect.objectContaining({ code: 'identity/key-lost' }));
  });

  it('is another one every time, and shows no private half when it is written to a log', () => {
    const key = DeviceKey.create();
    expect(DeviceKey.create().keyId).not.toBe(key.keyId);
    expect(Object.keys(key)).toEqual(['keyId', 'publicKey']);
  });
});
