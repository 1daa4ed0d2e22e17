import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { JudgedItem, JudgeSubject } from '@genba/shared/local-api/judging';
import type { InputRecord, PreparedInput } from '../dataset/prepare-inputs.ts';
import type { OpenModel } from './judge.ts';
import { type SubjectFile, subjectFiles } from './subject-files.ts';

/** Items judged in one step: bounds memory, and how long somebody else waits. */
const STEP = 64;

/** Pictures opened at a time. */
const PICTURES_AT_ONCE = 4;

/** What is to be judged: as a window asks, or the bytes of pictures as they came. */
export type Subject = JudgeSubject | { readonly kind: 'bytes'; readonly pictures: readonly Uint8Array[] };

/** Takes judged items in their order; what comes next waits for it. */
export type TakeItems = (items: readonly JudgedItem[]) => Promise<void>;

/** One thing to be judged: what it is called, and its input or why there is none. */
export type Candidate = Pick<JudgedItem, 'name' | 'line' | 'series'> & {
  readonly input: PreparedInput | AppError;
};

/**
 * Judges all of a subject, item by item. What cannot be judged is told in its place and stops nothing.
 * @throws AppError `trainer/no-backend`, `trainer/crashed` where nothing can be judged any more
 */
export async function judgeSubject(model: OpenModel, subject: Subject, take: TakeItems): Promise<void> {
  switch (subject.kind) {
    case 'paths':
      for (const path of subject.paths) await judgePath(model, path, take);
      return;
    case 'picture': {
      const source = Buffer.from(subject.base64, 'base64');
      return judgePictures(model, [{ source, name: subject.name }], take);
    }
    case 'bytes':
      return judgePictures(
        model,
        subject.pictures.map((source) => ({ source, name: '' })),
        take,
      );
    case 'rows':
      return judgeRows(model, subject.rows, take);
  }
}

/** A picture, as a file or as its content. */
export interface PictureSource {
  readonly source: string | Uint8Array;
  readonly name: string;
}

/** Judges pictures, so many at a time. */
export async function judgePictures(
  model: OpenModel,
  files: readonly PictureSource[],
  take: TakeItems,
): Promise<void> {
  for (let start = 0; start < files.length; start += STEP) {
    const candidates: Candidate[] = [];
    const step = files.slice(start, start + STEP);
    for (let first = 0; first < step.length; first += PICTURES_AT_ONCE) {
      const some = step.slice(first, first + PICTURES_AT_ONCE);
      const inputs = await Promise.all(some.map(({ source }) => orProblem(model.readPicture(source))));
      some.forEach(({ name }, place) => {
        candidates.push({ name, line: null, series: null, input: inputs[place]! });
      });
    }
    await judgeCandidates(model, candidates, take);
  }
}

async function judgePath(model: OpenModel, where: string, take: TakeItems): Promise<void> {
  const { input } = model.task;
  const files = await subjectFiles(where, input.kind).catch(toAppError);
  if (files instanceof AppError) {
    return take([{ name: where, line: null, series: null, verdict: null, problem: problemOf(files) }]);
  }
  if (input.kind === 'image') {
    const sources = files.map(({ path, name }) => ({ source: path, name }));
    return judgePictures(model, sources, take);
  }
  for (const file of files) await judgeCsv(model, file, take);
}

async function judgeCsv(model: OpenModel, { path, name }: SubjectFile, take: TakeItems): Promise<void> {
  let waiting: Candidate[] = [];
  const hasGroups = model.task.input.kind === 'series' && model.task.input.groupColumn !== undefined;
  const judgeWaiting = async () => {
    const candidates = waiting;
    waiting = [];
    await judgeCandidates(model, candidates, take);
  };
  const add = (line: number, series: string | null, input: Candidate['input']) => {
    waiting.push({ name, line, series, input });
    return waiting.length < STEP ? undefined : judgeWaiting();
  };
  let problem: AppError | null = null;
  try {
    await model.preparer.csv(
      path,
      ({ line, series, input }) => add(line, hasGroups ? series : null, input),
      ({ line, reason }) => add(line, null, new AppError('judging/mismatch', { detail: reason })),
    );
  } catch (thrown) {
    problem = itemProblem(thrown);
  }
  await judgeWaiting();
  if (problem !== null) {
    await take([{ name, line: null, series: null, verdict: null, problem: problemOf(problem) }]);
  }
}

async function judgeRows(model: OpenModel, rows: readonly InputRecord[], take: TakeItems): Promise<void> {
  const { preparer, task } = model;
  const candidates: Candidate[] = [];
  const feed = task.input.kind === 'series' ? preparer.feed() : null;
  for (const [place, row] of rows.entries()) {
    const at = { name: '', line: place + 1, series: null };
    try {
      const input = feed === null ? preparer.record(row) : feed.push(preparer.values(row));
      if (input !== null) candidates.push({ ...at, input });
    } catch (thrown) {
      feed?.breakOff();
      candidates.push({ ...at, input: itemProblem(thrown) });
    }
  }
  for (let start = 0; start < candidates.length; start += STEP) {
    await judgeCandidates(model, candidates.slice(start, start + STEP), take);
  }
}

/** Judges what has an input; of the rest it is told why it has none. @throws AppError `trainer/…` */
export async function judgeCandidates(
  { judge }: OpenModel,
  candidates: readonly Candidate[],
  take: TakeItems,
): Promise<void> {
  const inputs = candidates.flatMap(({ input }) => (input instanceof AppError ? [] : [input]));
  const verdicts = (await judge(inputs)).values();
  const items = candidates.map(({ input, ...at }): JudgedItem => {
    if (input instanceof AppError) return { ...at, verdict: null, problem: problemOf(input) };
    const verdict = verdicts.next().value ?? null;
    const problem = verdict === null ? problemOf(new AppError('judging/no-number')) : null;
    return { ...at, verdict, problem };
  });
  if (items.length > 0) await take(items);
}

function orProblem(input: Promise<PreparedInput>): Promise<PreparedInput | AppError> {
  return input.catch(itemProblem);
}

/** What is wrong with one item. @throws whatever concerns all of them */
function itemProblem(thrown: unknown): AppError {
  const error = toAppError(thrown);
  const { detail } = error;
  switch (error.code) {
    // Their sentences speak of training data.
    case 'dataset/mismatch':
      return new AppError('judging/mismatch', { detail, cause: error });
    case 'dataset/damaged':
      return new AppError('judging/unreadable', { detail, cause: error });
    default:
      // What the operating system refuses (no permission, a network drive gone) is not a bug of ours.
      if (thrown instanceof Error && 'syscall' in thrown) {
        return new AppError('judging/unreadable', { detail, cause: thrown });
      }
      if (error.code.startsWith('judging/')) return error;
      throw error;
  }
}

function problemOf({ code, detail }: AppError): NonNullable<JudgedItem['problem']> {
  return { code, detail: detail ?? null };
}
