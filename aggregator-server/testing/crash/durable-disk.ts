import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { FileOperation } from './file-operations.ts';

interface FileNode {
  readonly kind: 'file';
  /** As of its last sync; null before the first. */
  synced: Uint8Array | null;
}

interface FolderNode {
  readonly kind: 'folder';
  entries: Map<string, Node>;
  /** As of its last sync. */
  synced: ReadonlyMap<string, Node>;
}

type Node = FileNode | FolderNode;

/**
 * What a power cut leaves of names that no sync has made durable: a file system may have written them or not, and a
 * test tries both. Content that was not synced is gone in either case.
 */
export type UnsyncedNames = 'dropped' | 'kept';

/** Files of SQLite, which syncs them itself, see `requireSynced`; `-shm` is no content. */
const SQLITE_FILE = /\.sqlite(-wal|-shm)?$/;

/** Follows what is done to a folder and knows what of it would survive a power cut. */
export class DurableDisk {
  readonly #folder: string;
  readonly #root: FolderNode;

  /** All that is there now counts as durable. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#root = scan(folder);
  }

  /** Takes note of an operation that has been done. */
  follow({ kind, path, to }: FileOperation): void {
    switch (kind) {
      case 'create':
        this.#parentOf(path).entries.set(nameOf(path), { kind: 'file', synced: null });
        return;
      case 'sync':
        (this.#find(path) as FileNode).synced = readFileSync(path);
        return;
      case 'sync folder': {
        const folder = this.#find(path) as FolderNode;
        folder.synced = new Map(folder.entries);
        return;
      }
      case 'rename': {
        const node = this.#find(path);
        this.#parentOf(path).entries.delete(nameOf(path));
        this.#parentOf(to!).entries.set(nameOf(to!), node);
        return;
      }
      case 'remove':
        this.#parentOf(path).entries.delete(nameOf(path));
        return;
      case 'make folder':
        this.#parentOf(path).entries.set(nameOf(path), emptyFolder());
        return;
      case 'write':
      case 'direct write':
      case 'cut':
      case 'commit':
        return;
    }
  }

  /** Writes down what a power cut at this moment would leave. */
  saveTo(target: string, names: UnsyncedNames): void {
    write(this.#root, target, names);
    for (const name of readdirSync(this.#folder)) {
      if (SQLITE_FILE.test(name) && !name.endsWith('-shm')) {
        copyFileSync(join(this.#folder, name), join(target, name));
      }
    }
  }

  #find(path: string): Node {
    const names = relative(this.#folder, path).split(sep);
    let node: Node = this.#root;
    for (const name of names) {
      if (name === '') continue;
      const next: Node | undefined = node.kind === 'folder' ? node.entries.get(name) : undefined;
      if (next === undefined) throw new Error(`nobody made ${path}`);
      node = next;
    }
    return node;
  }

  #parentOf(path: string): FolderNode {
    return this.#find(join(path, '..')) as FolderNode;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(sep) + 1);
}

function emptyFolder(): FolderNode {
  return { kind: 'folder', entries: new Map(), synced: new Map() };
}

function scan(folder: string): FolderNode {
  const entries = new Map<string, Node>();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) entries.set(entry.name, scan(path));
    else if (!SQLITE_FILE.test(entry.name))
      entries.set(entry.name, { kind: 'file', synced: readFileSync(path) });
  }
  return { kind: 'folder', entries, synced: new Map(entries) };
}

function write(folder: FolderNode, target: string, names: UnsyncedNames): void {
  mkdirSync(target, { recursive: true });
  for (const [name, node] of names === 'kept' ? folder.entries : folder.synced) {
    const path = join(target, name);
    if (node.kind === 'folder') write(node, path, names);
    else writeFileSync(path, node.synced ?? new Uint8Array());
  }
}
