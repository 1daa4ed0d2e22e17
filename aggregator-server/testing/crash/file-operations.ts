import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { sep } from 'node:path';
import Sqlite from 'better-sqlite3';

/** One change of a folder's files, as the operating system is asked for it. */
export interface FileOperation {
  readonly kind:
    | 'create'
    | 'write'
    /** Past the system's cache. */
    | 'direct write'
    | 'cut'
    | 'sync'
    | 'sync folder'
    | 'rename'
    | 'remove'
    | 'make folder'
    | 'commit';
  readonly path: string;
  /** The new name of what is renamed. */
  readonly to?: string;
}

/** Told before each operation, and after it when it succeeded. */
export interface OperationHooks {
  before(operation: FileOperation): void;
  after(operation: FileOperation): void;
}

type Anything = (...parameters: never[]) => unknown;

/** What the store does not use. Should it begin to, it must be watched too, or the matrix would miss it. */
const UNWATCHED = {
  promises: ['appendFile', 'copyFile', 'cp', 'link', 'rmdir', 'symlink', 'truncate', 'writeFile'],
  fs: ['renameSync', 'rmSync', 'unlinkSync', 'mkdirSync', 'writeFileSync', 'rename', 'rm', 'unlink', 'mkdir'],
  handle: ['appendFile', 'createWriteStream', 'writev'],
} as const;

/**
 * Watches all that this process does to the files below a folder from now on, at the border of Node's file system and
 * SQLite's commits: so nothing the store does, now or later, can be forgotten. Only for a process of its own.
 */
export async function watchFileOperations(folder: string, hooks: OperationHooks): Promise<void> {
  const isWatched = (path: unknown) => typeof path === 'string' && path.startsWith(folder + sep);
  // Functions of any signature are replaced by name, which the types of the module do not allow.
  const files = fs.promises as unknown as Record<string, Anything>;
  const run = async (operation: FileOperation, work: () => Promise<unknown>) => {
    hooks.before(operation);
    const result = await work();
    hooks.after(operation);
    return result;
  };
  const wrap = (name: string, describe: (...parameters: string[]) => FileOperation | null) => {
    const original = files[name]!;
    files[name] = ((...parameters: never[]) => {
      const operation = isWatched(parameters[0]) ? describe(...parameters) : null;
      const work = async () => original.apply(fs.promises, parameters);
      return operation === null ? work() : run(operation, work);
    }) as Anything;
  };
  const handles = new WeakMap<FileHandle, { path: string; isFolder: boolean; isDirect: boolean }>();

  const open = fs.promises.open;
  const probe = await open(folder, 'r');
  const handle = Object.getPrototypeOf(probe) as Record<string, Anything>;
  await probe.close();
  files.open = (async (path: string, flags: string | number, mode?: number) => {
    const isDirect = typeof flags === 'number' && (flags & fs.constants.O_DIRECT) !== 0;
    const makes = isWatched(path) && /[wa]/.test(String(flags)) && !fs.existsSync(path);
    const work = () => open(path, flags, mode);
    const opened = (await (makes ? run({ kind: 'create', path }, work) : work())) as FileHandle;
    if (isWatched(path) || path === folder) {
      handles.set(opened, { path, isFolder: fs.statSync(path).isDirectory(), isDirect });
    }
    return opened;
  }) as Anything;
  wrap('rename', (path, to) => ({ kind: 'rename', path: path!, to: to! }));
  wrap('unlink', (path) => ({ kind: 'remove', path: path! }));
  wrap('rm', (path) => (fs.existsSync(path!) ? { kind: 'remove', path: path! } : null));
  wrap('mkdir', (path) => (fs.existsSync(path!) ? null : { kind: 'make folder', path: path! }));
  for (const [name, kind] of [
    ['write', 'write'],
    ['writeFile', 'write'],
    ['truncate', 'cut'],
    ['sync', 'sync'],
    // Of a file it makes durable what is read again: its bytes and their number.
    ['datasync', 'sync'],
  ] as const) {
    const original = handle[name]!;
    handle[name] = function (this: FileHandle, ...parameters: never[]) {
      const known = handles.get(this);
      const work = async () => original.apply(this, parameters);
      if (known === undefined) return work();
      const { path, isFolder, isDirect } = known;
      if (kind === 'sync' && isFolder) return run({ kind: 'sync folder', path }, work);
      if (kind === 'write' && isDirect) return run({ kind: 'direct write', path }, work);
      return run({ kind, path }, work);
    } as Anything;
  }

  const refuse = (
    owner: Record<string, Anything>,
    name: string,
    isRefused: (target: unknown, flags: unknown) => boolean,
  ) => {
    const original = owner[name]!;
    owner[name] = function (this: unknown, ...parameters: never[]) {
      const target = owner === handle ? this : parameters[0];
      if (isRefused(target, parameters[1])) throw new Error(`${name} is not watched`);
      return original.apply(this, parameters);
    } as Anything;
  };
  // As above: to be replaced by name.
  const synchronous = fs as unknown as Record<string, Anything>;
  for (const name of UNWATCHED.promises) refuse(files, name, isWatched);
  for (const name of UNWATCHED.fs) refuse(synchronous, name, isWatched);
  for (const name of ['open', 'openSync']) {
    refuse(synchronous, name, (path, flags) => isWatched(path) && flags !== 'r');
  }
  for (const name of UNWATCHED.handle) refuse(handle, name, (each) => handles.has(each as FileHandle));
  syncBuiltinESMExports();
  watchCommits(isWatched, hooks);
}

/** A receipt is given on commit: each must be synced by SQLite before it returns. */
function watchCommits(isWatched: (path: unknown) => boolean, hooks: OperationHooks): void {
  const original = Sqlite.prototype.transaction as Anything;
  Sqlite.prototype.transaction = function (this: Sqlite.Database, work: Anything) {
    const operation = { kind: 'commit', path: this.name } as const;
    let isWhole = false;
    const made = original.call(this, ((...parameters: never[]) => {
      const result = work(...parameters);
      if (isWhole) hooks.before(operation);
      return result;
    }) as never) as Sqlite.Transaction;
    const immediate = (...parameters: unknown[]) => {
      isWhole = isWatched(this.name) && !this.inTransaction;
      if (isWhole) requireSynced(this);
      const result = made.immediate(...parameters);
      if (isWhole) hooks.after(operation);
      return result;
    };
    const refused = () => {
      throw new Error('this way to begin a transaction is not watched');
    };
    return Object.assign(refused, { immediate, deferred: refused, exclusive: refused, default: refused });
    // Only the ways to begin a transaction that the store may use; the type names all properties of the library's.
  } as unknown as typeof Sqlite.prototype.transaction;
}

function requireSynced(database: Sqlite.Database): void {
  const isFull = database.pragma('synchronous', { simple: true }) === 2;
  const isWal = database.pragma('journal_mode', { simple: true }) === 'wal';
  if (!isFull || !isWal) throw new Error('commits are not synced');
}
