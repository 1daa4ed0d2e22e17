import type { AppError } from '@genba/shared/errors/app-error';
import type { WatchedResult, WatchStatus } from '@genba/shared/local-api/watches';

/** What a look has come to. */
export interface Look {
  /** How long it took to see what is there, without judging, milliseconds. */
  readonly lookMs: number;
  /** Something is left that can be judged at once. */
  readonly hasMore: boolean;
  /** What keeps a part of it from being judged. */
  readonly problem: AppError | null;
}

/** Where what is watched comes from, and the table it goes to: pictures, or CSV files. */
export interface WatchSource {
  readonly kind: NonNullable<WatchStatus['kind']>;
  /** Results in the table. */
  readonly written: number;
  readonly waiting: number;
  /**
   * Judges what is new, for some seconds at most.
   * @param report is told what is in the table by then
   * @throws AppError where nothing can be judged, or written, for now; the next look begins anew
   */
  look(control: {
    readonly isStopped: () => boolean;
    readonly report: (results: readonly WatchedResult[]) => void;
  }): Promise<Look>;
  /** Where a picture lies that was judged; null for any other. */
  find(picture: string): string | null;
  /** Keeps what it would have to find out again. */
  close(): void;
}
