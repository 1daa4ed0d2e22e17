import { type GenbaBridge, type WindowEndpoint, windowEndpointSchema } from '@genba/shared/local-api/window';

const TOKEN = /^[0-9a-f]{64}$/;
const STORAGE_KEY = 'genba.token';

declare global {
  interface Window {
    /** Present in the desktop shell only. */
    readonly genba?: GenbaBridge;
  }
}

/** Asks where the agent is right now; null when this page was opened without the right to know. */
export type EndpointSource = () => Promise<WindowEndpoint | null>;

/** The parts of a page that tell where its agent is. */
export interface PageSurroundings {
  readonly bridge: Pick<GenbaBridge, 'endpoint'> | undefined;
  readonly location: Pick<Location, 'origin' | 'hash' | 'pathname' | 'search'>;
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>;
  readonly history: Pick<History, 'replaceState'>;
}

/** In the shell the preload answers; in a browser the agent served this page and the hash carried the token. */
export function createEndpointSource(page: PageSurroundings): EndpointSource {
  const { bridge } = page;
  if (bridge !== undefined) {
    return async () => windowEndpointSchema.parse(await bridge.endpoint());
  }
  const token = takeToken(page);
  return async () => (token === null ? null : { state: 'ready', address: page.location.origin, token });
}

/** Moves the token out of the visible address, where it could be copied or filmed, into this tab's storage. */
function takeToken({ location, storage, history }: PageSurroundings): string | null {
  const fromHash = new URLSearchParams(location.hash.slice(1)).get('token');
  if (fromHash !== null) {
    history.replaceState(null, '', `${location.pathname}${location.search}`);
    if (TOKEN.test(fromHash)) storage.setItem(STORAGE_KEY, fromHash);
  }
  const kept = storage.getItem(STORAGE_KEY);
  return kept !== null && TOKEN.test(kept) ? kept : null;
}
