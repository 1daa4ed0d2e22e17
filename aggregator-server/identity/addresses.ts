import { isIP, isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { serverAddress } from '@genba/shared/identity/invitation';

/** Most addresses an invitation names. */
const MAX_ADDRESSES = 8;

/** Names every certificate of our own is for, so that tools on the same computer can look in. */
export const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1'] as const;

/**
 * How plants reach an aggregator, where nobody said: by the host it listens on; or, where it listens on all, by this
 * computer's name and its addresses in the network.
 * @param host a name or address to listen on; undefined for all
 */
export function reachableHosts(host: string | undefined): string[] {
  const isAll = host === undefined || host === '::' || host === '0.0.0.0';
  const found = isAll ? [hostname().toLowerCase(), ...networkAddresses()] : [host.replace(/^\[|\]$/g, '')];
  // A computer may have a name that no address can hold; port 1 only completes the form.
  const usable = found.filter((each) => serverAddress.safeParse(addressOf(each, 1)).success);
  return usable.length > 0 ? usable.slice(0, MAX_ADDRESSES) : ['localhost'];
}

/** `wss://HOST:PORT` */
export function addressOf(host: string, port: number): string {
  return `wss://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function networkAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const usable = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  // IPv4 first: that is what a plant's network most probably routes.
  return usable.map(({ address }) => address.toLowerCase()).sort((a, b) => isIP(a) - isIP(b));
}
