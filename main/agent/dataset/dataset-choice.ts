import { AppError } from '@genba/shared/errors/app-error';
import type { DataPreview, ReadingProgress } from '@genba/shared/local-api/preview';
import type { Task } from '@genba/shared/model/task';
import type { SettingsStore } from '../store/settings.ts';
import { DataLook, type DataLookContext } from './data-look.ts';

export interface DatasetChoiceContext extends DataLookContext {
  readonly settings: SettingsStore;
  /** null before the aggregator has named one. */
  readonly task: () => Task | null;
  /** Whether the data that are set have been read. */
  readonly isRead: () => boolean;
  /** Other data are set. */
  readonly onChosen: () => void;
}

/** Which data a plant trains on, as a person chooses them: looked at first, and given up as long as they are not read. */
export class DatasetChoice {
  readonly #context: DatasetChoiceContext;
  readonly #look: DataLook;
  /** What was set before the choice that is still being read. */
  #before: { readonly dataset: string | null } | null = null;

  constructor(context: DatasetChoiceContext) {
    this.#context = context;
    this.#look = new DataLook(context);
  }

  /** How far a look has come; null while nobody looks. */
  get progress(): ReadingProgress | null {
    return this.#look.progress;
  }

  /** Looks at a file or folder; uses nothing of it. @throws AppError `dataset/cancelled`, `dataset/damaged` */
  preview(path: string): Promise<DataPreview> {
    const { settings, task } = this.#context;
    return this.#look.preview({ path, task: task(), seed: settings.read().seed });
  }

  /**
   * Trains on a file or folder from now on, if it can be used.
   * @throws AppError why it cannot; everything is as before then
   */
  async choose(path: string): Promise<void> {
    const { problem } = await this.preview(path);
    if (problem !== null) throw new AppError(problem.code, { detail: problem.detail ?? undefined });
    const { settings, isRead, onChosen } = this.#context;
    const { dataset } = settings.read();
    if (dataset === path) return;
    // A choice on top of one that was never read goes back to what was.
    if (this.#before === null || isRead()) this.#before = { dataset };
    settings.write({ dataset: path });
    onChosen();
  }

  /** Breaks off a look; or, as long as chosen data are not read yet, goes back to those before. */
  cancel(): void {
    if (this.#look.progress !== null) {
      this.#look.cancel();
      return;
    }
    const { settings, isRead, onChosen } = this.#context;
    if (this.#before === null || isRead()) return;
    settings.write({ dataset: this.#before.dataset });
    this.#before = null;
    onChosen();
  }

  /** Ends what is under way. */
  stop(): void {
    this.#look.cancel();
  }
}
