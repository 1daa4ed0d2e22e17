import { beginsWith } from './csv-follower.ts';
import type { SeenFile } from './csv-places.ts';
import { type WatchedFile, WatchedFiles } from './watched-files.ts';

/** A file that is gone is looked for under other names beside its place for so long, milliseconds. */
const LOOKED_FOR_MS = 60_000;

/** Which files are known, where they are, and how far they are judged; in memory, and kept. */
export class FileRegister {
  readonly #store: WatchedFiles;
  readonly #here = new Map<string, WatchedFile>();
  /** Those that are not where they were, with the moment at which that was seen. */
  #gone: { readonly file: WatchedFile; readonly seenMs: number }[] = [];
  readonly #told: Set<string>;
  /** Ids of files of which something is not kept yet. */
  readonly #changed = new Set<string>();
  /** Ids of files that were never kept. */
  readonly #new = new Set<string>();
  #paths: ReadonlySet<string> = new Set();

  /**
   * @param lines last line of each file that has a row in the table, by id
   * @param told ids of files of which the table says that they do not fit
   */
  constructor(store: WatchedFiles, lines: ReadonlyMap<string, number>, told: Set<string>) {
    this.#store = store;
    this.#told = told;
    for (const kept of store.all()) {
      // Rows may be on the disk whose place was not kept any more; or are not, where the disk has lost what it had promised.
      // A table that knows nothing of the file was put aside by a person.
      const line = lines.get(kept.fileId) ?? kept.line;
      const proof = kept.proof !== null && kept.proof.line <= line ? kept.proof : null;
      const isKept = line === kept.line;
      const seen = isKept ? {} : { sizeBytes: null, mtimeMs: null };
      const file = { ...kept, ...seen, line, proof };
      if (!isKept) this.#changed.add(kept.fileId);
      if (kept.isGone) this.#gone.push({ file, seenMs: performance.now() });
      else this.#here.set(kept.path, file);
    }
  }

  has(path: string): boolean {
    return this.#here.has(path);
  }

  /** What is known of the file at a path that {@link has}. */
  of(path: string): WatchedFile {
    return this.#here.get(path)!;
  }

  paths(): string[] {
    return [...this.#here.keys()];
  }

  /** Takes note of what is there. Files that are not there any more are gone. */
  see(files: readonly SeenFile[]): void {
    this.#paths = new Set(files.map(({ path }) => path));
    for (const path of this.paths()) if (!this.#paths.has(path)) this.lose(path);
  }

  /** The file at a path is another one. */
  lose(path: string): void {
    const file = { ...this.of(path), isGone: true };
    this.#here.delete(path);
    // Of what was never judged there is nothing to find again.
    if (this.#new.delete(file.fileId)) return void this.#changed.delete(file.fileId);
    this.#gone.push({ file, seenMs: performance.now() });
    this.#store.keep([file]);
    this.#changed.delete(file.fileId);
  }

  /** Whether a file is gone since so lately that it is worth looking for it. */
  get hasLostLately(): boolean {
    return this.#gone.some(({ file, seenMs }) => {
      return file.proof !== null && performance.now() - seenMs < LOOKED_FOR_MS;
    });
  }

  /**
   * Finds out whether a file is one that was called otherwise before: it begins with the same rows, and it is the same on
   * the disk, was last written at the same moment, or is the copy of one in whose place there is another by now. Content
   * alone is not enough: two parts may have been measured alike.
   * @param columns names that its header should have
   */
  async adopt(seen: SeenFile, columns: readonly string[]): Promise<boolean> {
    for (const { file } of this.#gone) {
      if (file.proof === null || !this.#maybe(file, seen)) continue;
      if (!(await beginsWith(seen.path, columns, file.proof))) continue;
      this.#gone = this.#gone.filter((each) => each.file !== file);
      const { path, inode, bornMs } = seen;
      const found = { ...file, path, inode, bornMs, sizeBytes: null, mtimeMs: null, isGone: false };
      this.#here.set(path, found);
      this.#store.keep([found]);
      return true;
    }
    return false;
  }

  #maybe(file: WatchedFile, seen: SeenFile): boolean {
    const isSame = file.inode === seen.inode && file.bornMs === seen.bornMs && file.inode !== '0';
    return isSame || file.mtimeMs === seen.mtimeMs || this.#paths.has(file.path);
  }

  /** A file that was not there before. */
  begin({ path, inode, bornMs }: SeenFile): void {
    const file = WatchedFiles.begin({ path, inode, bornMs });
    this.#here.set(path, file);
    this.#new.add(file.fileId);
    this.#changed.add(file.fileId);
  }

  /** Keeps a file before anything of it is in the table. */
  keepNew(path: string): void {
    const file = this.of(path);
    if (!this.#new.delete(file.fileId)) return;
    this.#store.keep([file]);
  }

  /** Rows through this line are in the table. */
  judged(
    path: string,
    line: number,
    proved: { readonly line: number; readonly proof: string | null } | null,
  ): void {
    const before = this.of(path);
    const proof = proved === null ? before.proof : { line: proved.line, digest: proved.proof! };
    const file = { ...before, line, proof };
    this.#here.set(path, file);
    this.#store.keep([file]);
    this.#changed.delete(file.fileId);
  }

  /** Whether the table says that the file does not fit. */
  isTold(path: string): boolean {
    return this.#told.has(this.of(path).fileId);
  }

  told(path: string): void {
    this.#told.add(this.of(path).fileId);
  }

  /** Nothing more is in it, as it was seen. */
  readToEnd({ path, sizeBytes, mtimeMs, inode, bornMs }: SeenFile): void {
    const before = this.of(path);
    if (before.sizeBytes === sizeBytes && before.mtimeMs === mtimeMs) return;
    const file = { ...before, sizeBytes, mtimeMs, inode, bornMs };
    this.#here.set(path, file);
    this.#changed.add(file.fileId);
  }

  /** Keeps what is not kept yet. */
  keep(): void {
    const files = [...this.#here.values()].filter(({ fileId }) => this.#changed.has(fileId));
    if (files.length > 0) this.#store.keep(files);
    this.#changed.clear();
    for (const { fileId } of files) this.#new.delete(fileId);
  }
}
