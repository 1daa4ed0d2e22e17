/** Folder of what is fetched, in the account's cache; as electron-builder names it in a package. */
export const UPDATER_CACHE = 'genba-updater';

/** Where files of releases come from: the agent, which asks the aggregator. */
export interface Feed {
  /** Ends with a slash. */
  readonly url: string;
  /** Shown with each request. */
  readonly token: string;
}

/** A version that is offered to this PC. */
export interface OfferedVersion {
  readonly version: string;
  /** Plain text; null where there is none. */
  readonly notes: string | null;
}

/** What finds, fetches, proves and installs a version: electron-updater, as far as it is used here. */
export interface UpdateEngine {
  /** The newest version that is offered to this PC; null where it is the one that runs, or none. @throws Error */
  readonly find: (feed: Feed) => Promise<OfferedVersion | null>;
  /**
   * Fetches what was found last, unless it is here already; whole and proven when it resolves.
   * @param progressed is told the share that is here, in [0, 1]
   * @param signal stops it
   * @throws Error, with nothing left of what is not what was announced
   */
  readonly fetch: (progressed: (share: number) => void, signal: AbortSignal) => Promise<void>;
  /** Where the new version will lie: an AppImage whose name tells its version changes it. */
  readonly destination: (program: string) => string;
  /**
   * Puts what was fetched in place and ends this program.
   * @param startsAfter whether the new version is started then
   * @throws Error where it did not work
   */
  readonly install: (startsAfter: boolean) => void;
}
