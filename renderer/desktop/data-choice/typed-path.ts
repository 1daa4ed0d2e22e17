import { unquoted } from '@genba/shared/identity/invitation-link';

/** A drive, a network share, or the root: whoever started the agent, its own folder has nothing to do with a path. */
const ABSOLUTE = /^([a-z]:[\\/]|\\\\|\/)/i;

/**
 * The path that somebody typed or pasted, without the quotation marks that file managers put around it; null where it
 * is not the whole path. Its characters stay as they are: folders may be named in full-width ones.
 */
export function pathIn(typed: string): string | null {
  const path = unquoted(typed);
  return ABSOLUTE.test(path) ? path : null;
}
