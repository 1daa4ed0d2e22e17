import { AppError } from '@genba/shared/errors/app-error';
import {
  LABEL_PAGE_SIZE,
  type Label,
  type LabelQueue,
  type Suggestion,
} from '@genba/shared/local-api/labelling';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import type { LabelledPicture } from '../dataset/source-files.ts';
import { Inbox, type InboxPicture } from './inbox.ts';
import type { LabelStore } from './label-store.ts';

/** How long a person waits at most for more suggestions, milliseconds. */
const SUGGESTING_MS = 1_500;

/** Pictures given to the model at a time. */
const SUGGESTED_AT_ONCE = 64;

interface KnownSuggestion {
  readonly suggestion: Suggestion | null;
  /** Which model it is of, counted from 0. */
  readonly model: number;
}

/** What the model takes pictures for, in their order; null where it cannot say. */
export type Suggest = (pictures: readonly InboxPicture[]) => Promise<readonly (Suggestion | null)[]>;

export interface LabellingContext {
  readonly store: LabelStore;
  /** null before the aggregator has named one. */
  readonly task: () => Task | null;
  /** Folder of new pictures; null before one is set. */
  readonly folder: () => string | null;
  /** Asked for pictures that have no suggestion yet, and again for all after {@link Labelling.modelChanged}. */
  readonly suggest: Suggest;
  /** Which pictures have which label has changed. */
  readonly onLabels: () => void;
}

/** People say what new pictures show: the model suggests, the most uncertain pictures come first. */
export class Labelling {
  readonly #context: LabellingContext;
  #inbox: Inbox | null = null;
  #suggestions = new Map<string, KnownSuggestion>();
  /** Counts the models so far. */
  #model = 0;

  constructor(context: LabellingContext) {
    this.#context = context;
  }

  /**
   * What is to be labelled next.
   * @throws AppError `labels/folder-not-found`, `labels/no-classes`
   */
  async queue(): Promise<LabelQueue> {
    const classes = this.#classes();
    const { store } = this.#context;
    const pictures = await this.#pictures();
    const labels = store.inForce();
    const waiting = pictures.filter(({ digest }) => !labels.has(digest));
    await this.#suggestFor(waiting);
    const suggestion = ({ digest }: InboxPicture) => this.#suggestions.get(digest)?.suggestion ?? null;
    const confidence = (picture: InboxPicture) => suggestion(picture)?.confidence ?? 2;
    const uncertainFirst = waiting.toSorted((a, b) => confidence(a) - confidence(b));
    return {
      folder: this.#context.folder(),
      classes: [...classes],
      waiting: waiting.length,
      labelled: pictures.length - waiting.length,
      pictures: uncertainFirst.slice(0, LABEL_PAGE_SIZE).map((picture) => ({
        picture: picture.digest,
        name: this.#inbox!.nameOf(picture.path),
        suggestion: suggestion(picture),
      })),
      last: store.last(),
    };
  }

  /**
   * Takes down what a person says of a picture; a label that it had is corrected.
   * @throws AppError `labels/unknown-picture`, `labels/unknown-class`, `labels/no-classes`, `labels/folder-not-found`
   */
  async label(wish: { picture: string; className: string; labelledBy: string }): Promise<void> {
    const { picture, className, labelledBy } = wish;
    if (!this.#classes().includes(className))
      throw new AppError('labels/unknown-class', { detail: className });
    const { path } = await this.#find(picture);
    const labelledAt = new Date().toISOString();
    this.#context.store.add({ picture, path, className, labelledBy, labelledAt });
    this.#context.onLabels();
  }

  /** Takes the newest label back. @returns it; null where there is none */
  undo(): Label | null {
    const undone = this.#context.store.undo(new Date().toISOString());
    if (undone !== null) this.#context.onLabels();
    return undone;
  }

  /** One page of all labels ever given, oldest first, behind the one named. */
  list(afterId: number): Label[] {
    return this.#context.store.list(afterId, LABEL_PAGE_SIZE);
  }

  /** Where a picture of the inbox lies. @throws AppError `labels/unknown-picture`, `labels/folder-not-found` */
  async pathOf(picture: string): Promise<string> {
    return (await this.#find(picture)).path;
  }

  /**
   * The pictures of the inbox that have a label of the task's classes, for training. None where the folder cannot be
   * reached: training goes on with the rest.
   */
  async labelled(): Promise<LabelledPicture[]> {
    const labels = this.#context.store.inForce();
    if (labels.size === 0) return [];
    const classes = this.#context.task()?.classes ?? [];
    const pictures = await this.#pictures().catch(() => []);
    return pictures.flatMap(({ path, digest }) => {
      const className = labels.get(digest);
      return className !== undefined && classes.includes(className) ? [{ path, className }] : [];
    });
  }

  /** Another model judges from now on. What the last one suggested is shown until this one has looked at the picture. */
  modelChanged(): void {
    this.#model += 1;
  }

  #classes(): readonly string[] {
    const task = this.#context.task();
    const hasClasses = task?.input.kind === 'image' && objectiveOf(task).kind !== 'regression';
    if (!hasClasses) throw new AppError('labels/no-classes');
    return task.classes;
  }

  async #pictures(): Promise<readonly InboxPicture[]> {
    const folder = this.#context.folder();
    if (folder === null) return [];
    if (this.#inbox?.folder !== folder) this.#inbox = new Inbox(folder);
    return await this.#inbox.pictures();
  }

  async #find(digest: string): Promise<InboxPicture> {
    // Whoever labels quickly must not wait for a look at thousands of files each time.
    const seen = this.#inbox?.folder === this.#context.folder() ? this.#inbox?.find(digest) : null;
    const found = seen ?? (await this.#pictures()).find((picture) => picture.digest === digest);
    if (found === undefined) throw new AppError('labels/unknown-picture', { detail: digest });
    return found;
  }

  /** As many as time allows: the rest comes with the next calls, while somebody labels. */
  async #suggestFor(pictures: readonly InboxPicture[]): Promise<void> {
    const known = (picture: InboxPicture) => this.#suggestions.get(picture.digest);
    const unknown = pictures.filter((picture) => known(picture) === undefined);
    const outdated = pictures.filter((picture) => (known(picture)?.model ?? this.#model) !== this.#model);
    const wanted = [...unknown, ...outdated];
    const endMs = performance.now() + SUGGESTING_MS;
    for (let start = 0; start < wanted.length; start += SUGGESTED_AT_ONCE) {
      if (start > 0 && performance.now() > endMs) return;
      const some = wanted.slice(start, start + SUGGESTED_AT_ONCE);
      const model = this.#model;
      const suggestions = await this.#context.suggest(some);
      for (const [index, { digest }] of some.entries()) {
        this.#suggestions.set(digest, { suggestion: suggestions[index] ?? null, model });
      }
    }
  }
}
