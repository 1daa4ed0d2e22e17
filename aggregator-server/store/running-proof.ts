import { createHash } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import { fastestKernels } from '@genba/shared/federation/kernels/fastest-kernels';

const NOTHING = new Uint8Array();

/**
 * Proves an update while it arrives, so that its file need not be read again: what was written is what was hashed.
 * Says the same as `proveUpload` of the whole.
 */
export class RunningProof {
  readonly #hash = createHash('sha256');
  #areMergeable = true;
  /** The first bytes of a weight whose rest comes with the next piece. */
  #begun: Uint8Array = NOTHING;

  /** Takes the next bytes, however they are cut; their memory may be freed afterwards. */
  add(piece: Uint8Array): void {
    this.#hash.update(piece);
    const isAligned = piece.byteOffset % Float32Array.BYTES_PER_ELEMENT === 0;
    const bytes = this.#begun.byteLength === 0 && isAligned ? piece : joined(this.#begun, piece);
    const count = Math.floor(bytes.byteLength / Float32Array.BYTES_PER_ELEMENT);
    this.#areMergeable &&= fastestKernels().isMergeable(
      new Float32Array(bytes.buffer, bytes.byteOffset, count),
    );
    // Their own copy, which a Buffer's slice() is not: the piece is freed.
    this.#begun = Uint8Array.from(bytes.subarray(count * Float32Array.BYTES_PER_ELEMENT));
  }

  /** Ends the proof. @throws AppError `update/digest-mismatch`, `update/not-finite` */
  judge(sha256: string): void {
    if (this.#hash.digest('hex') !== sha256) throw new AppError('update/digest-mismatch');
    if (!this.#areMergeable) throw new AppError('update/not-finite');
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.byteLength + second.byteLength);
  bytes.set(first);
  bytes.set(second, first.byteLength);
  return bytes;
}
