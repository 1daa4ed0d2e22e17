import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RateLimit } from '../sync/rate-limit.ts';

/** Lets bytes through as fast as a limit allows. */
export function slowed(rate: RateLimit): Transform {
  return new Transform({
    async transform(piece: Buffer, _encoding, done) {
      const waitMs = rate.take(piece.byteLength, performance.now());
      if (waitMs > 0) await sleep(waitMs);
      done(null, piece);
    },
  });
}
