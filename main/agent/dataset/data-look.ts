import { AppError } from '@genba/shared/errors/app-error';
import type { DataPreview, ReadingProgress } from '@genba/shared/local-api/preview';
import type { PreviewJob } from './preview.ts';
import { previewInChild, type ReadingWatch } from './reader-process.ts';

export interface DataLookContext {
  /** A look has begun, got further, or ended. */
  readonly onProgress: () => void;
  /** For tests: looks here instead of in a process of its own. */
  readonly preview?: (job: PreviewJob, watch: ReadingWatch) => Promise<DataPreview>;
}

/** Looks at data before their use, one at a time: whoever asks again wants the new answer only. */
export class DataLook {
  readonly #context: DataLookContext;
  #abort: AbortController | null = null;
  #progress: ReadingProgress | null = null;

  constructor(context: DataLookContext) {
    this.#context = context;
  }

  /** How far the look in progress has come; null while none is. */
  get progress(): ReadingProgress | null {
    return this.#progress;
  }

  /** Looks; breaks off the look before. @throws AppError `dataset/cancelled`, `dataset/damaged` */
  async preview(job: PreviewJob): Promise<DataPreview> {
    this.cancel();
    const abort = new AbortController();
    this.#abort = abort;
    const since = new Date().toISOString();
    const unit = job.task !== null && job.task.input.kind !== 'image' ? 'bytes' : 'files';
    const tell = (progress: ReadingProgress | null) => {
      if (this.#abort !== abort) return;
      this.#progress = progress;
      this.#context.onProgress();
    };
    tell({ done: 0, total: 0, unit, since });
    const onProgress = (done: number, total: number) => tell({ done, total, unit, since });
    try {
      return await (this.#context.preview ?? previewInChild)(job, { signal: abort.signal, onProgress });
    } catch (thrown) {
      if (abort.signal.aborted) throw new AppError('dataset/cancelled', { cause: thrown });
      throw thrown;
    } finally {
      tell(null);
      if (this.#abort === abort) this.#abort = null;
    }
  }

  /** Ends the look in progress. */
  cancel(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.#progress = null;
  }
}
