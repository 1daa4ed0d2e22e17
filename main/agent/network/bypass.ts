import { BlockList, isIP, isIPv4 } from 'node:net';

/** A network in its short form, as macOS writes them: `169.254/16`, `10/8`. */
const NETWORK = /^(\d+(?:\.\d+){0,3}|[0-9a-f:]+)\/(\d+)$/i;

/** What a regular expression would not take for itself, but for `*`. */
const SPECIAL = /[.+?^${}()|[\]\\]/g;

/** Whether a host is this computer: what never leaves it needs no proxy. */
export function isLoopback(host: string): boolean {
  if (/^(.+\.)?localhost\.?$/i.test(host) || host === '::1') return true;
  return isIPv4(host) && host.startsWith('127.');
}

/**
 * Whether a list of exceptions, as Windows, macOS and GNOME keep them, names a host: names with `*`, networks, and
 * Windows' `<local>` for names without a dot.
 */
export function isBypassed(host: string, exceptions: readonly string[]): boolean {
  return exceptions.some((exception) => matches(host.toLowerCase(), exception.trim().toLowerCase()));
}

function matches(host: string, exception: string): boolean {
  if (exception === '') return false;
  if (exception === '<local>') return !host.includes('.') && !host.includes(':');
  const [, network, bits] = NETWORK.exec(exception) ?? [];
  if (network !== undefined) return isInNetwork(host, network, Number(bits));
  // An exception may name scheme and port, too: https://host:443.
  const name = exception.replace(/^[a-z]+:\/\//, '').replace(/(?<=^[^:]*):\d+$/, '');
  const pattern = name.startsWith('.') ? `*${name}` : name;
  const expression = pattern.replace(SPECIAL, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${expression}$`).test(host);
}

function isInNetwork(host: string, network: string, bits: number): boolean {
  const address = network.includes(':')
    ? network
    : network.split('.').concat('0', '0', '0').slice(0, 4).join('.');
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (isIP(host) === 0 || isIP(address) === 0 || bits > (family === 'ipv4' ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return list.check(host, isIPv4(host) ? 'ipv4' : 'ipv6');
}
