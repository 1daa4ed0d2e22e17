import { AppError } from '@genba/shared/errors/app-error';

/** Who this PC is to a proxy. */
export interface ProxyLogin {
  readonly user: string;
  readonly password: string;
}

/** How to get to the aggregator, as a person set it. */
export type ProxySetting =
  /** As the environment or the operating system says. */
  | { readonly kind: 'system' }
  | { readonly kind: 'none' }
  /** @see {@link ProxyServer} */
  | { readonly kind: 'fixed'; readonly proxy: ProxyServer }
  /** A script that names the proxy (PAC). */
  | { readonly kind: 'script'; readonly url: string };

/** A proxy that is asked for tunnels (CONNECT). */
export interface ProxyServer {
  /** The way to the proxy itself: plain, or TLS. */
  readonly scheme: 'http' | 'https';
  /** Name or address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Stored where nobody has set anything. */
export const SYSTEM_PROXY = 'system';

const SCRIPT_PREFIX = /^pac\+/i;

/**
 * A proxy from its address, with or without `http://` or `https://`; a login in it is left to {@link splitLogin}.
 * @throws AppError `proxy/bad-setting`
 */
export function readProxyServer(address: string): ProxyServer {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  const scheme = url?.protocol.slice(0, -1);
  if (url === null || (scheme !== 'http' && scheme !== 'https') || url.hostname === '')
    throw badSetting(address);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { scheme, host, port: Number(url.port || (scheme === 'http' ? 80 : 443)) };
}

/** The address of a proxy as people write it. */
export function proxyAddress({ scheme, host, port }: ProxyServer): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Takes user and password out of what a person typed, so that only the rest is kept with the settings.
 * @throws AppError `proxy/bad-setting`
 */
export function splitLogin(typed: string): { readonly rest: string; readonly login: ProxyLogin | null } {
  const text = typed.trim();
  const [, scheme = '', userInfo, rest] = /^([a-z][a-z0-9+.-]*:\/\/)?(?:(.*)@)?([^@]*)$/is.exec(text) ?? [];
  if (userInfo === undefined) return { rest: text.normalize('NFKC'), login: null };
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(userInfo)!;
  try {
    const login = { user: decodeURIComponent(user), password: decodeURIComponent(password) };
    return { rest: `${scheme}${rest!}`.normalize('NFKC'), login };
  } catch {
    // Not the text itself: there is a password in it.
    throw new AppError('proxy/bad-setting', { detail: 'user or password is not percent-encoded' });
  }
}

/**
 * The setting behind its stored text: `system`, `none`, an address, or `pac+` and the address of a script.
 * @throws AppError `proxy/bad-setting`
 */
export function readProxySetting(text: string): ProxySetting {
  const word = text.toLowerCase();
  if (word === SYSTEM_PROXY) return { kind: 'system' };
  if (word === 'none') return { kind: 'none' };
  if (!SCRIPT_PREFIX.test(text)) return { kind: 'fixed', proxy: readProxyServer(text) };
  return { kind: 'script', url: readScriptAddress(text.replace(SCRIPT_PREFIX, '')) };
}

/**
 * The address of a proxy script.
 * @throws AppError `proxy/bad-setting` for anything but http, https and file
 */
export function readScriptAddress(text: string): string {
  if (!URL.canParse(text) || !/^(https?|file):$/.test(new URL(text).protocol)) throw badSetting(text);
  return new URL(text).href;
}

function badSetting(text: string): AppError {
  return new AppError('proxy/bad-setting', { detail: text.slice(0, 200) });
}
