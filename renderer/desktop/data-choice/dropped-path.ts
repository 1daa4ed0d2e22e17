import { exchangePath } from '@genba/shared/local-api/exchange';

/** Why what was dropped is no data to look at. */
export type DropProblem = 'several' | 'nowhere' | 'browser';

/**
 * The path of the one folder or file that was dropped.
 * @param pathOf where a dropped thing lies, as the desktop shell tells; undefined in a browser, which tells nobody
 */
export function droppedPath(
  dropped: readonly unknown[],
  pathOf: ((each: unknown) => string) | undefined,
): { readonly path: string } | DropProblem {
  if (dropped.length > 1) return 'several';
  if (pathOf === undefined) return 'browser';
  // What was dragged out of a page or a mail lies nowhere.
  const path = exchangePath.safeParse(pathOf(dropped[0]));
  return path.success ? { path: path.data } : 'nowhere';
}

/** What an event brings as it is: a folder stays one thing, and nobody walks through its ten thousand pictures. */
export async function droppedThings(event: unknown): Promise<File[]> {
  const { dataTransfer } = event as { readonly dataTransfer?: DataTransfer | null };
  return [...(dataTransfer?.files ?? [])];
}
