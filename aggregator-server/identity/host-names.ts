import { isIP, isIPv4 } from 'node:net';

/** HOST of `wss://HOST:PORT`, without the brackets of an IPv6 address. */
export function hostOf(address: string): string {
  const host = address.slice(address.indexOf('//') + 2, address.lastIndexOf(':'));
  return host.replace(/^\[|\]$/g, '');
}

/** The bytes of an IP address; null for a name. */
export function ipBytes(host: string): Uint8Array | null {
  if (isIP(host) === 0) return null;
  if (isIPv4(host)) return Uint8Array.from(host.split('.'), Number);
  // The last 32 bits of an IPv6 address may be written as an IPv4 address.
  const text = host.replace(/[\d.]+$/, (end) => (isIPv4(end) ? groupsOfIpv4(end) : end));
  const [head, tail] = text.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const missing = tail === undefined ? 0 : 8 - head!.length - tail.length;
  const groups = [...head!, ...Array<string>(missing).fill('0'), ...(tail ?? [])];
  return Uint8Array.from(
    groups.flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    }),
  );
}

function groupsOfIpv4(address: string): string {
  const [a, b, c, d] = address.split('.').map(Number);
  return `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`;
}
