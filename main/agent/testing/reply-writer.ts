import { createHash, createPrivateKey, type KeyObject, randomUUID, sign, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { encodePrefix } from '@genba/shared/exchange/container';
import type { AggregatorHeader } from '@genba/shared/exchange/header';
import { fileStatement } from '@genba/shared/identity/statements';
import type { Task } from '@genba/shared/model/task';
import { type Authority, type CertificateChoices, fingerprintOf, issue } from './certificates.ts';

/** Whom replies are for, and about what. */
export interface Addressee {
  readonly clientId: string;
  readonly keyId: string;
  readonly plantName: string;
  readonly task: Task;
}

/** Weights that a reply carries. */
export interface RepliedWeights {
  readonly baseId?: string;
  readonly version: number;
  readonly updateId: string | null;
  readonly values: Float32Array;
}

/** Writes replies as docs/PROTOCOL.md tells an aggregator to; tests bend them. */
export class ReplyWriter {
  readonly #authority: Authority;
  readonly #chain: readonly X509Certificate[];
  readonly #key: KeyObject;

  constructor(authority: Authority, choices: CertificateChoices = {}) {
    this.#authority = authority;
    const { cert, key } = issue([authority], choices);
    const blocks = cert.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs)!;
    this.#chain = blocks.map((block) => new X509Certificate(block));
    this.#key = createPrivateKey(key);
  }

  header(to: Addressee, more: Partial<AggregatorHeader>): AggregatorHeader {
    const { clientId, keyId, plantName, task } = to;
    return {
      format: 1,
      from: 'aggregator',
      createdAt: new Date().toISOString(),
      app: 'test',
      clientId,
      keyId,
      plantName,
      taskId: task.id,
      certificate: fingerprintOf(this.#authority),
      task,
      globalVersion: 0,
      receipt: null,
      held: null,
      refusal: null,
      weights: null,
      ...more,
    };
  }

  /** All bytes of a file. @param label who signs; another one than an aggregator's makes a wrong signature */
  bytes(
    header: AggregatorHeader,
    payload: Uint8Array,
    label: 'device' | 'aggregator' = 'aggregator',
  ): Buffer {
    const encoded = Buffer.from(JSON.stringify(header));
    const signature = sign(null, fileStatement(label, encoded), this.#key).toString('base64url');
    const chain = this.#chain.map(({ raw }) => raw.toString('base64'));
    const seal = Buffer.from(JSON.stringify({ chain, signature }));
    const prefix = encodePrefix({ headerBytes: encoded.byteLength, sealBytes: seal.byteLength });
    return Buffer.concat([prefix, encoded, seal, payload]);
  }

  /** Writes a reply, with weights where some are given. @returns its path */
  write(
    path: string,
    to: Addressee,
    more: Partial<AggregatorHeader> & { values?: RepliedWeights } = {},
  ): string {
    const { values, ...header } = more;
    const payload = values === undefined ? Buffer.alloc(0) : Buffer.from(values.values.buffer);
    const weights = values === undefined ? null : offerOf(values, payload);
    writeFileSync(path, this.bytes(this.header(to, { weights, ...header }), payload));
    return path;
  }
}

function offerOf(
  { baseId = randomUUID(), version, updateId }: RepliedWeights,
  payload: Buffer,
): AggregatorHeader['weights'] {
  return {
    type: 'weights/offer',
    baseId,
    globalVersion: version,
    use: 'install',
    updateId,
    encoding: 'float32',
    sizeBytes: payload.byteLength,
    sha256: createHash('sha256').update(payload).digest('hex'),
    staleness: updateId === null ? null : 0,
    mixingWeight: updateId === null ? null : 0.5,
    calibration: [],
  };
}
