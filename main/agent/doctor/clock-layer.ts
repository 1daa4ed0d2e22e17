import { CLOCK_TOLERANCE_MS } from '../identity/device-identity.ts';
import { failed, type Layer, passed, skipped } from './layer.ts';
import type { Way } from './way.ts';

const MINUTE_MS = 60_000;

/** Whether this PC and the aggregator agree on the time; the way is open all the same. */
export const clockLayer: Layer<Way> = {
  layer: 'clock',
  async examine(way) {
    // Without keys nobody tells the time.
    if (way.asked === null) return skipped();
    const aheadMs = way.asked.receivedAt - Date.parse(way.asked.serverTime);
    const measured = { 'skew-seconds': Math.round(aheadMs / 1000) };
    if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) return passed(measured);
    const minutes = `${Math.round(Math.abs(aheadMs) / MINUTE_MS)}`;
    const [en, ja] = aheadMs > 0 ? ['ahead of', '進んで'] : ['behind', '遅れて'];
    const values = { ...way.values, minutes, 'direction-en': en!, 'direction-ja': ja! };
    return { ...failed('clock/wrong', values, measured), isPassable: true };
  },
};
