import type { open } from 'node:fs/promises';
import path from 'node:path';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { JudgedItem } from '@genba/shared/local-api/judging';
import {
  MAX_SHOWN_VALUES,
  type WatchedResult,
  type WatchStatus,
  type WatchWish,
} from '@genba/shared/local-api/watches';
import type { Task } from '@genba/shared/model/task';
import { TailBroken } from '../dataset/csv-tail.ts';
import { CsvFollower, type NewExample, OtherContent } from './csv-follower.ts';
import { isResultTable, type SeenFile, seeFiles, seeNeighbours } from './csv-places.ts';
import { FileRegister } from './file-register.ts';
import type { Judge, OpenModel } from './judge.ts';
import { judgeCandidates } from './judge-subject.ts';
import type { Look, WatchSource } from './watch-source.ts';
import { TABLE_KEYS, WatchTable } from './watch-table.ts';
import type { WatchTimes } from './watch-times.ts';
import type { WatchedFiles } from './watched-files.ts';

/** What Windows says of a file that another program holds, and a network drive that is away for a moment. */
const HELD = new Set(['EBUSY', 'EPERM', 'EACCES', 'EIO', 'ETIMEDOUT', 'ENETUNREACH', 'EHOSTDOWN', 'UNKNOWN']);

/** The newest files are followed on where they are; others are read from their beginning if they grow after all. */
const FOLLOWED = 16;

/** The newest of all are read at every look: on a network drive, size and time may be those of seconds ago. */
const READ_ALWAYS = 4;

/** What is only for speed is kept so seldom, milliseconds. */
const KEEP_EVERY_MS = 10_000;

export interface CsvArrivalsContext {
  readonly wish: WatchWish;
  readonly kind: Extract<WatchStatus['kind'], 'rows' | 'windows'>;
  readonly judge: Judge;
  readonly files: WatchedFiles;
  readonly times: WatchTimes;
  /** For tests: a file system in which other programs hold files. */
  readonly openFile?: typeof open;
}

type Control = Parameters<WatchSource['look']>[0];

/** What came of reading a file. */
type Read = 'done' | 'more' | 'other-content';

/**
 * The rows of CSV files, or the windows of the series in them, each judged once: in files that are complete when they come,
 * and in those that grow. A file is its content, so it may be renamed, copied away and emptied, or begun anew.
 */
export class CsvArrivals implements WatchSource {
  readonly kind: CsvArrivalsContext['kind'];
  readonly #context: CsvArrivalsContext;
  readonly #table: WatchTable;
  readonly #followers = new Map<string, CsvFollower>();
  /** What is known of the files; null: it is to be read. */
  #register: FileRegister | null = null;
  #task: Task | null = null;
  #keptMs = 0;
  /** Since when files cannot be read, by path. */
  readonly #heldSinceMs = new Map<string, number>();
  readonly #shortSinceMs = new Map<string, number>();
  written = 0;
  waiting = 0;

  constructor(context: CsvArrivalsContext) {
    const { wish, kind } = context;
    this.kind = kind;
    this.#context = context;
    this.#table = new WatchTable(wish.results, wish.language, TABLE_KEYS.row);
  }

  async look(control: Control): Promise<Look> {
    const { wish, judge, times } = this.#context;
    const startedMs = performance.now();
    const register = this.#known();
    const seen = await seeFiles(wish.path, register.paths());
    const files = seen.files.filter((file) => path.resolve(file.path) !== path.resolve(wish.results));
    register.see(files);
    for (const each of this.#followers.keys()) if (!register.has(each)) this.#followers.delete(each);
    const lookMs = performance.now() - startedMs;
    const model = judge.open();
    if (this.#task !== model.task) this.#followers.clear();
    this.#task = model.task;
    const run = new LookRun(control, model, files, performance.now() + times.judgeMs);
    this.waiting = files.filter((file) => this.#mayHaveMore(file, files)).length;
    try {
      await this.#readAll(run, seen.isFolder);
    } catch (thrown) {
      // What is there now, nobody knows: some rows may have been written.
      this.#forget();
      throw thrown;
    }
    this.#keep();
    const hasMore = run.isOver;
    if (!hasMore) this.waiting = this.#heldSinceMs.size + this.#shortSinceMs.size;
    return { lookMs, hasMore, problem: this.#problem(seen.isFolder, files) };
  }

  find(): null {
    return null;
  }

  close(): void {
    this.#register?.keep();
    this.#forget();
  }

  /** First the files that are known, so that those that are gone from their place are found again under another name. */
  async #readAll(run: LookRun, isFolder: boolean): Promise<void> {
    const register = this.#known();
    const isKnown = (file: SeenFile) => register.has(file.path);
    const { wish } = this.#context;
    let hasLost = false;
    for (const file of run.files.filter(isKnown)) {
      if ((await this.#read(file, run)) === 'other-content') {
        register.lose(file.path);
        hasLost = true;
      }
      if (run.isOver) return;
    }
    // What it held may lie beside it only since the folder was read, and comes first: look again before beginning anew.
    if (isFolder && hasLost) return run.end();
    const columns = run.model.preparer.cutter().columns;
    if (!isFolder && register.hasLostLately) {
      for (const file of await seeNeighbours(wish.path)) {
        if (!isKnown(file) && (await register.adopt(file, columns))) await this.#read(file, run);
        if (run.isOver) return;
      }
    }
    for (const file of run.files.filter((each) => !isKnown(each))) {
      if (!(await register.adopt(file, columns))) register.begin(file);
      await this.#read(file, run);
      if (run.isOver) return;
    }
  }

  async #read(file: SeenFile, run: LookRun): Promise<Read> {
    if (!this.#mayHaveMore(file, run.files)) return 'done';
    try {
      const read = await this.#readOnce(file, run).catch((thrown: unknown) => {
        this.#followers.delete(file.path);
        // From the beginning: other content shows itself before anything is judged.
        if (thrown instanceof TailBroken) return this.#readOnce(file, run);
        throw thrown;
      });
      this.#heldSinceMs.delete(file.path);
      return read;
    } catch (thrown) {
      this.#followers.delete(file.path);
      return this.#unread(file, run, thrown);
    }
  }

  /** What it means that a file could not be read. @throws whatever concerns others, too */
  async #unread(file: SeenFile, run: LookRun, thrown: unknown): Promise<Read> {
    const { code } = thrown as NodeJS.ErrnoException;
    if (thrown instanceof OtherContent) return 'other-content';
    // It is being written at this moment, or is gone; the next look sees more of it.
    if (thrown instanceof TailBroken || code === 'ENOENT') return 'done';
    if (code !== undefined && HELD.has(code)) {
      this.#heldSinceMs.set(file.path, this.#heldSinceMs.get(file.path) ?? performance.now());
      return 'done';
    }
    const error = toAppError(thrown);
    if (error.code !== 'dataset/mismatch' && error.code !== 'dataset/damaged') throw thrown;
    await this.#tellUnfit(file, run, error);
    return 'done';
  }

  async #readOnce(file: SeenFile, run: LookRun): Promise<Read> {
    const register = this.#known();
    const follower =
      this.#followers.get(file.path) ??
      new CsvFollower(register.of(file.path), run.model.preparer.cutter(), this.#context.openFile);
    this.#followers.set(file.path, follower);
    for (let some = await follower.next(); some !== null; some = await follower.next()) {
      await this.#judge(file, some, run);
      if (run.isOver) return 'more';
    }
    if (!follower.hasProved) return this.#isShort(file) ? 'done' : 'other-content';
    this.#shortSinceMs.delete(file.path);
    if (this.#isLast(file, follower, run.files)) await this.#judge(file, follower.takeRest(), run);
    register.readToEnd(file);
    const isFollowed = run.files.slice(-FOLLOWED).includes(file) || follower.hasRest;
    if (!isFollowed) this.#followers.delete(file.path);
    return 'done';
  }

  async #judge(file: SeenFile, examples: readonly NewExample[], run: LookRun): Promise<void> {
    if (examples.length === 0) return;
    const { model, control } = run;
    const register = this.#known();
    const hasSeries = model.task.input.kind === 'series' && model.task.input.groupColumn !== undefined;
    const candidates = examples.map(({ line, series, values }) => ({
      name: file.name,
      line,
      series: hasSeries && series !== '' ? series : null,
      input:
        values instanceof Float32Array
          ? model.preparer.standardised(values)
          : new AppError('judging/mismatch', { detail: values.reason }),
    }));
    const items: JudgedItem[] = [];
    await judgeCandidates(model, candidates, async (some) => void items.push(...some));
    if (control.isStopped()) return run.end();
    // Known before its first row is in the table: so it is found again wherever the agent is killed.
    register.keepNew(file.path);
    const at = new Date().toISOString();
    const { fileId } = register.of(file.path);
    this.#table.add(items.map((item) => ({ at, item, model: model.about, key: `${fileId}@${item.line}` })));
    const last = examples.at(-1)!;
    register.judged(file.path, last.line, examples.findLast(({ proof }) => proof !== null) ?? null);
    this.written += items.length;
    control.report(
      items.map((item, place): WatchedResult => {
        return { item, at, picture: null, values: valuesOf(model.task, examples[place]!) };
      }),
    );
  }

  /** A file that does not fit is told of once, when it has stood still for long enough to be complete. */
  async #tellUnfit(file: SeenFile, run: LookRun, error: AppError): Promise<void> {
    const register = this.#known();
    const { times } = this.#context;
    const isYoung = Math.abs(Date.now() - file.mtimeMs) < times.giveUpMs;
    if (isYoung || register.isTold(file.path)) return;
    if (await isResultTable(file.path)) return register.readToEnd(file);
    const code = error.code === 'dataset/mismatch' ? 'judging/mismatch' : 'judging/unreadable';
    const problem = { code, detail: error.detail ?? null } as const;
    const item: JudgedItem = { name: file.name, line: null, series: null, verdict: null, problem };
    register.keepNew(file.path);
    const at = new Date().toISOString();
    const { fileId } = register.of(file.path);
    this.#table.add([{ at, item, model: run.model.about, key: `${fileId}@0` }]);
    register.told(file.path);
    register.readToEnd(file);
    this.written += 1;
    run.control.report([{ item, at, picture: null, values: [] }]);
  }

  #mayHaveMore(file: SeenFile, files: readonly SeenFile[]): boolean {
    const register = this.#known();
    if (!register.has(file.path)) return true;
    const { sizeBytes, mtimeMs } = register.of(file.path);
    if (sizeBytes !== file.sizeBytes || mtimeMs !== file.mtimeMs) return true;
    return this.#followers.has(file.path) && files.slice(-READ_ALWAYS).includes(file);
  }

  /** A file that has fewer rows than were judged may be in the middle of being written anew. */
  #isShort({ path: where }: SeenFile): boolean {
    this.#followers.delete(where);
    const since = this.#shortSinceMs.get(where) ?? performance.now();
    this.#shortSinceMs.set(where, since);
    const isShort = performance.now() - since < this.#context.times.rewriteMs;
    if (!isShort) this.#shortSinceMs.delete(where);
    return isShort;
  }

  /** Whether a last line without its end is a whole one: nothing has come for long, or the writer has gone on to another file. */
  #isLast(file: SeenFile, follower: CsvFollower, files: readonly SeenFile[]): boolean {
    const { restMs, rewriteMs } = this.#context.times;
    const restsMs = files.at(-1) === file ? restMs : rewriteMs;
    return follower.hasRest && follower.idleMs >= restsMs;
  }

  #problem(isFolder: boolean, files: readonly SeenFile[]): AppError | null {
    const { wish, times } = this.#context;
    const long = [...this.#heldSinceMs].filter(([, since]) => performance.now() - since >= times.busyMs);
    for (const each of this.#heldSinceMs.keys()) {
      if (!files.some((file) => file.path === each)) this.#heldSinceMs.delete(each);
    }
    if (long.length > 0) return new AppError('judging/source-held', { detail: long[0]![0] });
    const isThere = isFolder || files.some((file) => file.path === wish.path);
    return isThere ? null : new AppError('judging/not-found', { detail: wish.path });
  }

  #known(): FileRegister {
    if (this.#register !== null) return this.#register;
    let written = 0;
    const lines = new Map<string, number>();
    const told = new Set<string>();
    this.#table.open((key) => {
      written += 1;
      const [fileId, line] = key.split('@') as [string, string];
      if (line === '0') told.add(fileId);
      else lines.set(fileId, Math.max(Number(line), lines.get(fileId) ?? 0));
    });
    if (this.#table.isFull) {
      // All of it is known otherwise, too.
      const register = new FileRegister(this.#context.files, lines, told);
      register.keep();
      this.#table.putAside(new Date());
      this.#table.open(() => {});
      written = 0;
      this.#register = register;
    }
    this.#register ??= new FileRegister(this.#context.files, lines, told);
    this.written = written;
    return this.#register;
  }

  #keep(): void {
    if (this.#table.isFull) {
      this.#register?.keep();
      this.#forget();
      return;
    }
    if (performance.now() - this.#keptMs < KEEP_EVERY_MS) return;
    this.#keptMs = performance.now();
    this.#register?.keep();
  }

  #forget(): void {
    this.#register = null;
    this.#followers.clear();
  }
}

/** One look: what it judges with, and when it has to end. */
class LookRun {
  readonly control: Control;
  readonly model: OpenModel;
  /** Oldest first. */
  readonly files: readonly SeenFile[];
  readonly #endMs: number;
  #hasEnded = false;

  constructor(control: Control, model: OpenModel, files: readonly SeenFile[], endMs: number) {
    this.control = control;
    this.model = model;
    this.files = files;
    this.#endMs = endMs;
  }

  get isOver(): boolean {
    return this.#hasEnded || this.control.isStopped() || performance.now() > this.#endMs;
  }

  end(): void {
    this.#hasEnded = true;
  }
}

/** The newest row's values, as a person may want to see them beside the result. */
function valuesOf({ input }: Task, { values }: NewExample): WatchedResult['values'] {
  if (input.kind === 'image' || !(values instanceof Float32Array)) return [];
  const last = values.subarray(-input.columns.length);
  return input.columns
    .slice(0, MAX_SHOWN_VALUES)
    .map((name, place) => ({ name, value: Number(last[place]!.toPrecision(6)) }));
}
