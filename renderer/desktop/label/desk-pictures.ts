import { LABEL_PAGE_SIZE, type LabelQueue } from '@genba/shared/local-api/labelling';

/** A picture that waits for a label. */
export type QueuedPicture = LabelQueue['pictures'][number];

/** So many of the pictures that follow are made ready, and keep their place. */
const UPCOMING = 4;
/** More than these are not kept ahead: the agent has them, in a newer order. */
const LONGEST_AHEAD = 2 * LABEL_PAGE_SIZE;

/** How the news of an agent and what is done here meanwhile go together. */
interface Meanwhile {
  /** Labelled here: the news may still name them. */
  readonly given: ReadonlySet<string>;
  /** Labels that are being taken back: the news may not name them yet. */
  readonly undoing: ReadonlySet<string>;
  /** Whether the news name every picture that waits: others are gone. */
  readonly isAll: boolean;
}

/**
 * The pictures on a desk: one is looked at, those before it were left for later, those behind it come next, the most
 * uncertain ones first. A new order never moves the one that is looked at, nor the few that are ready.
 */
export class DeskPictures {
  #pictures: QueuedPicture[] = [];
  #position = 0;

  /** The picture that is looked at; null where none waits. */
  get current(): QueuedPicture | null {
    return this.#pictures[this.#position] ?? null;
  }

  get count(): number {
    return this.#pictures.length;
  }

  /** How many follow before the first one comes again. */
  get aheadCount(): number {
    return Math.max(0, this.#pictures.length - this.#position - 1);
  }

  get ids(): string[] {
    return this.#pictures.map(({ picture }) => picture);
  }

  /** Those that follow, nearest first, a few; after the last one comes the first. */
  upcoming(): QueuedPicture[] {
    const { length } = this.#pictures;
    const count = Math.max(0, Math.min(UPCOMING, length - 1));
    return Array.from(
      { length: count },
      (_, index) => this.#pictures[(this.#position + 1 + index) % length]!,
    );
  }

  /** Takes the picture that is looked at away; the next one is looked at. */
  takeCurrent(): QueuedPicture | null {
    const [taken] = this.#pictures.splice(this.#position, 1);
    if (this.#position >= this.#pictures.length) this.#position = 0;
    return taken ?? null;
  }

  /** Puts a picture where it is looked at. */
  putBack(picture: QueuedPicture): void {
    this.remove(picture.picture);
    this.#pictures.splice(this.#position, 0, picture);
  }

  remove(id: string): void {
    const place = this.#pictures.findIndex(({ picture }) => picture === id);
    if (place < 0) return;
    this.#pictures.splice(place, 1);
    if (place < this.#position) this.#position--;
    if (this.#position >= this.#pictures.length) this.#position = 0;
  }

  /** Looks at another one; after the last one comes the first. */
  move(step: 1 | -1): void {
    const { length } = this.#pictures;
    if (length > 1) this.#position = (this.#position + step + length) % length;
  }

  clear(): void {
    this.#pictures = [];
    this.#position = 0;
  }

  /** Takes in what the agent tells of pictures. */
  update(news: readonly QueuedPicture[], { given, undoing, isAll }: Meanwhile): void {
    const byId = new Map(news.map((each) => [each.picture, each]));
    const isThere = ({ picture }: QueuedPicture) => !isAll || byId.has(picture) || undoing.has(picture);
    const newest = (each: QueuedPicture) => byId.get(each.picture) ?? each;
    const inPlace = this.#position + 1 + UPCOMING;
    const before = this.#pictures.slice(0, this.#position).filter(isThere);
    const ready = this.#pictures.slice(this.#position, inPlace).filter(isThere);
    const ahead = this.#pictures.slice(inPlace).filter(isThere);
    const known = new Set([...this.ids, ...given]);
    const more = news.filter(({ picture }) => !known.has(picture));
    const uncertainFirst = [...ahead.map(newest), ...more].sort((a, b) => confidence(a) - confidence(b));
    this.#pictures = [...before, ...ready, ...uncertainFirst.slice(0, LONGEST_AHEAD)].map(newest);
    this.#position = before.length < this.#pictures.length ? before.length : 0;
  }
}

/** Those that nobody could judge come behind the others. */
function confidence({ suggestion }: QueuedPicture): number {
  return suggestion?.confidence ?? 2;
}
