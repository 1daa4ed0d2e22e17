import { AppError } from '@genba/shared/errors/app-error';
import {
  LABEL_PAGE_SIZE,
  type Label,
  type LabelQueue,
  type LabelQueueWish,
} from '@genba/shared/local-api/labelling';
import { objectiveOf, type Task } from '@genba/shared/model/task';
import type { LabelledPicture } from '../dataset/source-files.ts';
import { Inbox, type InboxPicture } from './inbox.ts';
import type { LabelStore } from './label-store.ts';
import { type Suggest, Suggestions } from './suggestions.ts';

/** With so many pictures to begin with nobody waits until all of a folder are read. */
const ENOUGH_TO_BEGIN = 20;

export interface LabellingContext {
  readonly store: LabelStore;
  /** null before the aggregator has named one. */
  readonly task: () => Task | null;
  /** Folder of new pictures; null before one is set. */
  readonly folder: () => string | null;
  /** Asked for pictures that have no suggestion yet, and again for the next ones after {@link Labelling.modelChanged}. */
  readonly suggest: Suggest;
  /** Which pictures have which label has changed. */
  readonly onLabels: () => void;
}

/** People say what new pictures show: the model suggests, the most uncertain pictures come first. */
export class Labelling {
  readonly #context: LabellingContext;
  readonly #suggestions: Suggestions;
  #inbox: Inbox | null = null;

  constructor(context: LabellingContext) {
    this.#context = context;
    this.#suggestions = new Suggestions({
      suggest: context.suggest,
      waiting: () => this.#waiting(this.#inbox?.pictures() ?? []),
    });
  }

  /**
   * What is to be labelled next, of what is known by now: reading the folder and having the model judge go on behind it.
   * @throws AppError `labels/folder-not-found`, `labels/no-classes`
   */
  async queue({ labelledBy, except }: LabelQueueWish): Promise<LabelQueue> {
    const classes = this.#classes();
    const { store } = this.#context;
    const inbox = this.#currentInbox();
    const known = new Set(except);
    const isNews = ({ digest }: InboxPicture) => !store.inForce().has(digest) && !known.has(digest);
    await inbox?.lookForSome(ENOUGH_TO_BEGIN, isNews);
    const pictures = inbox?.pictures() ?? [];
    const waiting = this.#waiting(pictures);
    const page = this.#suggestions.uncertainFirst(waiting.filter(isNews)).slice(0, LABEL_PAGE_SIZE);
    this.#suggestions.want();
    return {
      folder: this.#context.folder(),
      classes: [...classes],
      waiting: waiting.length,
      labelled: pictures.length - waiting.length,
      unread: inbox?.unread ?? 0,
      unjudged: this.#suggestions.unjudged(waiting),
      pictures: page.map(({ digest, path }) => ({
        picture: digest,
        name: inbox!.nameOf(path),
        suggestion: this.#suggestions.of(digest),
      })),
      own: labelledBy === null ? null : store.lastBy(labelledBy),
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

  /**
   * Takes back what a person has said of a picture.
   * @throws AppError `labels/nothing-to-undo`, `labels/not-yours`
   */
  undo(wish: { picture: string; labelledBy: string }): Label {
    const undone = this.#context.store.undo(wish, new Date().toISOString());
    if (undone === null) throw new AppError('labels/nothing-to-undo');
    this.#context.onLabels();
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
    const { store, task } = this.#context;
    if (store.inForce().size === 0) return [];
    const inbox = this.#currentInbox();
    const pictures =
      (await inbox?.look().then(
        () => inbox.pictures(),
        () => [],
      )) ?? [];
    const classes = task()?.classes ?? [];
    return pictures.flatMap(({ path, digest }) => {
      const className = store.inForce().get(digest);
      return className !== undefined && classes.includes(className) ? [{ path, className }] : [];
    });
  }

  /** Another model judges from now on. */
  modelChanged(): void {
    this.#suggestions.modelChanged();
  }

  /** Ends the judging of pictures that wait. */
  stop(): Promise<void> {
    return this.#suggestions.stop();
  }

  #classes(): readonly string[] {
    const task = this.#context.task();
    const hasClasses = task?.input.kind === 'image' && objectiveOf(task).kind !== 'regression';
    if (!hasClasses) throw new AppError('labels/no-classes');
    return task.classes;
  }

  #currentInbox(): Inbox | null {
    const folder = this.#context.folder();
    if (this.#inbox?.folder !== folder) this.#inbox = folder === null ? null : new Inbox(folder);
    return this.#inbox;
  }

  #waiting(pictures: readonly InboxPicture[]): InboxPicture[] {
    const labels = this.#context.store.inForce();
    return pictures.filter(({ digest }) => !labels.has(digest));
  }

  async #find(digest: string): Promise<InboxPicture> {
    const inbox = this.#currentInbox();
    // Whoever labels quickly must not wait for a look at thousands of files each time.
    const found = inbox?.find(digest) ?? (await inbox?.look().then(() => inbox.find(digest)));
    if (!found) throw new AppError('labels/unknown-picture', { detail: digest });
    return found;
  }
}
