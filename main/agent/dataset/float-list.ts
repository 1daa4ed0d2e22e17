/** Numbers one after the other, four bytes each, however many there come. */
export class FloatList {
  #values = new Float32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(values: ArrayLike<number>): void {
    const length = this.#length + values.length;
    if (length > this.#values.length) {
      const larger = new Float32Array(Math.max(length, 2 * this.#values.length));
      larger.set(this.#values.subarray(0, this.#length));
      this.#values = larger;
    }
    this.#values.set(values, this.#length);
    this.#length = length;
  }

  /** A copy of all of them, or of a part. */
  slice(start = 0, end = this.#length): Float32Array {
    return this.#values.slice(start, Math.min(end, this.#length));
  }
}
