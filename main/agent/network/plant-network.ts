import type { Logger } from 'pino';
import type { SettingsStore } from '../store/settings.ts';
import { type Dial, Dialler } from './dial.ts';
import { ProxyLoginFile } from './proxy-login-file.ts';
import { type ProxyLogin, proxyAddress } from './proxy-setting.ts';
import { RoutePlanner } from './route.ts';

export interface PlantNetworkOptions {
  readonly settings: SettingsStore;
  readonly dataFolder: string;
  readonly log: Logger;
}

/** The network of a plant as its agent uses it: the ways out, by the settings of this PC. */
export class PlantNetwork {
  readonly #settings: SettingsStore;
  readonly #logins: ProxyLoginFile;
  readonly dialler: Dialler;

  constructor({ settings, dataFolder, log }: PlantNetworkOptions) {
    this.#settings = settings;
    this.#logins = new ProxyLoginFile(dataFolder);
    const planner = new RoutePlanner({
      setting: () => settings.read().proxy,
      login: (setting) => this.#logins.read(setting),
      onPassedOver: ({ code, detail }) => log.warn({ code, detail }, 'proxy script passed over'),
    });
    this.dialler = new Dialler({ planner, extraAuthorities: () => settings.read().proxyAuthorities });
  }

  get dial(): Dial {
    return this.dialler.dial;
  }

  /**
   * Keeps a login for the proxy setting in force.
   * @throws AppError `proxy/bad-setting`, `store/disk-full`, `startup/data-not-writable`
   */
  keepLogin(login: ProxyLogin): void {
    this.#logins.write(this.#settings.read().proxy, login);
  }

  /** The proxy in use, without any login; null where there is none, or nothing was connected yet. */
  get proxy(): string | null {
    const proxy = this.dialler.lastRoute?.proxy ?? null;
    return proxy === null ? null : proxyAddress(proxy);
  }
}
