import { AppError } from '@genba/shared/errors/app-error';
import { getProxyForUrl } from 'proxy-from-env';
import { isBypassed, isLoopback } from './bypass.ts';
import { NO_PROXY, type SystemProxy } from './proxy-answer.ts';
import { ProxyScript } from './proxy-script.ts';
import {
  type ProxyLogin,
  type ProxyServer,
  readProxyServer,
  readProxySetting,
  readScriptAddress,
  splitLogin,
} from './proxy-setting.ts';
import { readSystemProxy } from './system-proxy.ts';

/** Where a TCP connection leads to. */
export interface Endpoint {
  /** Name or address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Who said which way to go. */
export type RouteSource = 'loopback' | 'setting' | 'environment' | 'system' | 'script';

/** One way to an endpoint. */
export interface Route {
  /** null goes there directly. */
  readonly proxy: ProxyServer | null;
  /** Who this PC is to the proxy, should it ask. */
  readonly login: ProxyLogin | null;
  readonly source: RouteSource;
}

/** At least one, best first. */
export type Routes = readonly [Route, ...Route[]];

export interface RoutePlannerOptions {
  /** The proxy setting as it is stored. */
  readonly setting: () => string;
  /** What is kept to log in with under that setting. */
  readonly login: (setting: string) => ProxyLogin | null;
  readonly readSystem?: () => Promise<SystemProxy>;
  /** Something was passed over: said once per reason. */
  readonly onPassedOver?: (error: AppError) => void;
}

/** How long what the operating system said is believed, milliseconds: asking starts a program. */
const SYSTEM_KEEP_MS = 60_000;

/** Decides how to get to an endpoint: by the setting, the environment, or what the operating system says. */
export class RoutePlanner {
  readonly #options: RoutePlannerOptions;
  readonly #readSystem: () => Promise<SystemProxy>;
  #script: ProxyScript | null = null;
  #system: { readonly said: SystemProxy; readonly at: number } | null = null;
  #passedOver: string | null = null;

  constructor(options: RoutePlannerOptions) {
    this.#options = options;
    this.#readSystem = options.readSystem ?? (() => readSystemProxy());
  }

  /**
   * The ways to an endpoint, to be tried in turn. This computer is always reached directly.
   * @throws AppError `proxy/bad-setting`, `proxy/script-unreachable`, `proxy/script-broken`, `proxy/unsupported`
   */
  async routesTo(endpoint: Endpoint): Promise<Routes> {
    if (isLoopback(endpoint.host)) return direct('loopback');
    const stored = this.#options.setting();
    const login = this.#options.login(stored);
    const setting = readProxySetting(stored);
    switch (setting.kind) {
      case 'none':
        return direct('setting');
      case 'fixed':
        return [{ proxy: setting.proxy, login, source: 'setting' }];
      case 'script':
        return this.#byScript(setting.url, endpoint, login);
      case 'system':
        return environmentRoute(endpoint, login) ?? (await this.#bySystem(endpoint, login));
    }
  }

  async #byScript(url: string, endpoint: Endpoint, login: ProxyLogin | null): Promise<Routes> {
    if (this.#script?.url !== url) this.#script = new ProxyScript(url);
    return readAnswer(await this.#script.ask(endpoint), login);
  }

  async #bySystem(endpoint: Endpoint, login: ProxyLogin | null): Promise<Routes> {
    const { script, server, exceptions } = await this.#systemProxy();
    if (script !== null) {
      try {
        return await this.#byScript(readScriptAddress(script), endpoint, login);
      } catch (thrown) {
        // Browsers go on without a script that they cannot get, and so works what else was set up.
        if (!(thrown instanceof AppError)) throw thrown;
        this.#passOver(thrown);
      }
    }
    if (server === null || isBypassed(endpoint.host, exceptions)) return direct('system');
    return [{ proxy: readProxyServer(server), login, source: 'system' }];
  }

  async #systemProxy(): Promise<SystemProxy> {
    if (this.#system === null || Date.now() - this.#system.at > SYSTEM_KEEP_MS) {
      const said = await this.#readSystem().catch(() => NO_PROXY);
      this.#system = { said, at: Date.now() };
    }
    return this.#system.said;
  }

  #passOver(error: AppError): void {
    if (this.#passedOver === error.message) return;
    this.#passedOver = error.message;
    this.#options.onPassedOver?.(error);
  }
}

function direct(source: RouteSource): Routes {
  return [{ proxy: null, login: null, source }];
}

/** What `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say; null where they say nothing. */
function environmentRoute({ host, port }: Endpoint, login: ProxyLogin | null): Routes | null {
  const names = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];
  const written = names.map((name) => process.env[name]).find((value) => value !== undefined && value !== '');
  if (written === undefined) return null;
  const name = host.includes(':') ? `[${host}]` : host;
  if (getProxyForUrl(`https://${name}:${port}/`) === '') return direct('environment');
  const { rest, login: ownLogin } = splitLogin(written);
  return [{ proxy: readProxyServer(rest), login: ownLogin ?? login, source: 'environment' }];
}

/** An entry of a script's answer: `PROXY host:port`, `DIRECT`. */
const ENTRY = /^(\w+)(?:\s+(\S+))?$/;

/**
 * The ways that a proxy script's answer names.
 * @throws AppError `proxy/unsupported` where all of them are of a kind that Genba does not speak, such as SOCKS
 */
function readAnswer(answer: string, login: ProxyLogin | null): Routes {
  const source = 'script';
  const entries = answer.split(';').map((entry) => entry.trim());
  const routes = entries.flatMap((entry): Route[] => {
    const [, kind = '', address = ''] = ENTRY.exec(entry) ?? [];
    switch (kind.toUpperCase()) {
      case 'DIRECT':
        return [{ proxy: null, login: null, source }];
      case 'PROXY':
      case 'HTTP':
        return [{ proxy: readProxyServer(address), login, source }];
      case 'HTTPS':
        return [{ proxy: readProxyServer(`https://${address}`), login, source }];
      default:
        return [];
    }
  });
  const [first, ...others] = routes;
  if (first !== undefined) return [first, ...others];
  // No answer means no proxy.
  if (answer.trim() === '' || answer === 'null') return direct(source);
  throw new AppError('proxy/unsupported', { detail: answer.slice(0, 200) });
}
