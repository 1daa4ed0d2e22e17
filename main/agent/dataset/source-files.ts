import { stat } from 'node:fs/promises';

/** A file of a dataset as it was seen. */
export interface SourceFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** When it was last written, milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** What became of one file of the folder, in the order of the examples. */
export interface ReadImage extends SourceFile {
  /** Its place among the examples; null for one that could not be read. */
  readonly place: number | null;
  readonly reason: string | null;
  /** Another program holds it, or it is still being written: it is worth trying again. */
  readonly isLocked: boolean;
}

/** A picture that lies in no class folder, and the class that a person has named for it. */
export interface LabelledPicture {
  readonly path: string;
  readonly className: string;
}

/** Questions to the file system at a time. */
const STATS_AT_ONCE = 64;

/** Looks at files; one that has gone meanwhile is left out. */
export async function statFiles(paths: readonly string[]): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for (let start = 0; start < paths.length; start += STATS_AT_ONCE) {
    const some = paths.slice(start, start + STATS_AT_ONCE);
    const infos = await Promise.all(some.map((path) => stat(path).catch(() => null)));
    infos.forEach((info, index) => {
      if (info !== null) {
        found.push({ path: some[index]!, sizeBytes: info.size, mtimeMs: info.mtimeMs });
      }
    });
  }
  return found;
}
