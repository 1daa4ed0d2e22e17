import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives memory back that is no longer needed. Left alone, an agent that has nothing to do makes no garbage, so it is
 * never collected, and its last round stays in memory for hours. Takes some ten milliseconds.
 */
export function freeMemory(): void {
  // The flag makes the function visible in contexts made from now on only.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
