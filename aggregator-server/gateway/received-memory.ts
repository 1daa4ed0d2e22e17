import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * After how many received bytes the memory of their pieces is freed. What has lived through two collections waits for one
 * of the whole heap; with a dozen plants sending, a piece waits for the rest of its frame while 3 MB come.
 */
const BYTES_PER_COLLECTION = 12 * 1024 * 1024;

setFlagsFromString('--expose-gc');
// A collection of the young generation is 0.3 ms of work. Shared out to helper threads, it ends when the last of them has
// had a core, which on a busy machine takes up to 20 ms, and the event loop waits.
setFlagsFromString('--no-parallel-scavenge');
// A collection of the whole heap begins when heap and outside memory have doubled since the last one. V8's own factor
// comes down to 1.1 after some of them, and then what sockets deliver between two collections of the young generation
// sets off the next: one in three updates, for half the server's processor time.
setFlagsFromString('--heap-growing-percent=100');
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
let receivedBytes = 0;

/**
 * Counts what sockets have delivered, and frees it now and then. Each piece is memory outside of V8's heap, as much as the
 * frames that are put together from them. V8 sees little of it in its young generation, so it waits, and then answers
 * with collections of the whole heap, a third of the server's processor time and its longest pauses. A collection of the
 * young generation alone frees all of it.
 */
export function countReceivedMemory(sizeBytes: number): void {
  receivedBytes += sizeBytes;
  if (receivedBytes < BYTES_PER_COLLECTION) return;
  receivedBytes = 0;
  collect({ type: 'minor' });
}

/**
 * Frees a frame at once that nobody reads any more. One that has waited for the disk has often grown old, and its memory
 * would wait for a collection of the whole heap: 30 MB of these came together in a second and a half.
 */
export function freeReceived({ buffer, byteLength }: Buffer): void {
  // A smaller one lies in memory that it shares with others.
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}
