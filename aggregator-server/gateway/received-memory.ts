import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** After how many received bytes their memory is freed. */
const BYTES_PER_COLLECTION = 3 * 1024 * 1024;

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
 * Counts what sockets have delivered, and frees it now and then. Each piece is memory outside of V8's heap, about twice
 * the size of an update in all. V8 sees little of it in its young generation, so it waits, and then answers with
 * collections of the whole heap, a third of the server's processor time and its longest pauses: it begins one whenever
 * 24 MB have come since the last. A collection of the young generation alone frees all of it.
 */
export function countReceivedMemory(sizeBytes: number): void {
  receivedBytes += sizeBytes;
  if (receivedBytes < BYTES_PER_COLLECTION) return;
  receivedBytes = 0;
  collect({ type: 'minor' });
}
