/** What an operating system says about proxies. */
export interface SystemProxy {
  /** Address of a proxy script (PAC). */
  readonly script: string | null;
  /** Address of the proxy for https, as it is written there. */
  readonly server: string | null;
  /** Hosts that are reached without a proxy; see `isBypassed`. */
  readonly exceptions: readonly string[];
}

/** No proxy at all. */
export const NO_PROXY: SystemProxy = { script: null, server: null, exceptions: [] };
