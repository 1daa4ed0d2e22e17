import { createHash } from 'node:crypto';

/** Number of places that devices are spread over. */
const PLACES = 2 ** 32;

/**
 * Whether a device is among the first so many percent that are offered a version. Its place comes from its own lasting
 * number, so it is the same for every version, and a growing share only ever adds devices.
 * @param deviceId the client's number, the same for as long as its data folder lives
 * @param sharePercent of all devices, 0 to 100
 */
export function isWithinShare(deviceId: string, sharePercent: number): boolean {
  const place = createHash('sha256').update(deviceId).digest().readUInt32BE(0);
  return (place / PLACES) * 100 < sharePercent;
}
