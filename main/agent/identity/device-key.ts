import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';

/** An Ed25519 key of this PC (RFC 8032). Its private half is made here and leaves only into the {@link KeyStore}. */
export class DeviceKey {
  /** sha256 of the raw public half, in lower-case hexadecimal. */
  readonly keyId: string;
  /** The raw public half, as base64url: the form it travels in. */
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  private constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x!;
    this.keyId = createHash('sha256').update(this.publicKeyBytes).digest('hex');
  }

  /** Makes a new key. */
  static create(): DeviceKey {
    return new DeviceKey(generateKeyPairSync('ed25519').privateKey);
  }

  /**
   * Reads a key back.
   * @throws AppError `identity/key-lost` when this is not the private half of the key with that id
   */
  static fromPem(pem: string, keyId: string): DeviceKey {
    let key: DeviceKey;
    try {
      key = new DeviceKey(createPrivateKey(pem));
    } catch (cause) {
      throw new AppError('identity/key-lost', { detail: `${keyId} is damaged`, cause });
    }
    if (key.keyId !== keyId)
      throw new AppError('identity/key-lost', { detail: `${keyId} holds another key` });
    return key;
  }

  /** The private half, PKCS #8, for the {@link KeyStore} only. */
  toPem(): string {
    return this.#privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  }

  get publicKeyBytes(): Uint8Array {
    return Buffer.from(this.publicKey, 'base64url');
  }

  /** An Ed25519 signature over a statement, as base64url. */
  sign(statement: Uint8Array): string {
    return sign(null, statement, this.#privateKey).toString('base64url');
  }
}
