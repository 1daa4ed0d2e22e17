import { useSyncExternalStore } from 'react';

/** Where in the window one is: it stands behind the `#` of the address, so that a reload and "back" keep it. */
export const PLACES = ['today', 'model', 'label', 'judge', 'network', 'settings'] as const;
export type Place = (typeof PLACES)[number];

/** The link to a place; the first one is where the bare address leads. */
export function addressOf(place: Place): string {
  return `#/${place}`;
}

/** The place that the part of an address behind `#` names; the first one where it names none. */
export function placeIn(hash: string): Place {
  return PLACES.find((place) => addressOf(place) === hash) ?? 'today';
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

/** Where the window is now. */
export function usePlace(): Place {
  return useSyncExternalStore(subscribe, () => placeIn(window.location.hash));
}

/** Goes to a place. */
export function goTo(place: Place): void {
  window.location.hash = addressOf(place);
}
