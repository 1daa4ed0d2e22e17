import type { Label, LabelQueue } from '@genba/shared/local-api/labelling';
import type { AgentClient } from '../agent-client.ts';
import type { Failure } from '../agent-view.ts';
import { keepEqualParts } from '../keep-equal-parts.ts';

/** A picture that waits for a label. */
export type QueuedPicture = LabelQueue['pictures'][number];

/** What undo would take back. */
export interface LastLabel {
  readonly name: string;
  readonly className: string;
  readonly labelledBy: string;
}

/** What the screen shows. */
export interface DeskView {
  /** The first look is still on its way. */
  readonly isLoading: boolean;
  /** Why there is no list; null where there is one. */
  readonly failure: Failure | null;
  readonly folder: string | null;
  readonly classes: readonly string[];
  /** The picture on the desk; null where none waits. */
  readonly current: QueuedPicture | null;
  /** Those that come after it, nearest first, a few. */
  readonly upcoming: readonly QueuedPicture[];
  /** Pictures without a label and with one, what is on its way to the agent included. */
  readonly waiting: number;
  readonly labelled: number;
  readonly last: LastLabel | null;
  /** Why the newest label or undo was not kept; null where it was. */
  readonly trouble: Failure | null;
}

type Agent = Pick<AgentClient, 'ask' | 'send'>;

/** So many of the pictures that follow are made ready. */
const UPCOMING = 4;
/** With fewer left the next page is fetched, so that nobody waits for it. */
const REFILL_AT = 50;

/**
 * Labels pictures one after the other. The next picture is there at once; what was said is on its way to the agent
 * meanwhile, in order. What the agent did not take comes back onto the desk.
 */
export class LabelDesk {
  readonly #agent: Agent;
  readonly #listeners = new Set<() => void>();
  #pictures: QueuedPicture[] = [];
  #position = 0;
  /** Given here and not taken back, newest last. */
  #given: { readonly picture: QueuedPicture; readonly label: LastLabel }[] = [];
  #queue: LabelQueue | null = null;
  /** What undo takes back once nothing given here is left. */
  #earlier: Label | null = null;
  /** By how much what is on its way changes the count of labels. */
  #onTheWay = 0;
  #failure: Failure | null = null;
  #trouble: Failure | null = null;
  #isLooking = false;
  #work: Promise<void> = Promise.resolve();
  #view: DeskView;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#view = this.#draw();
  }

  /** What to show; the same object until something changes. */
  readonly view = (): DeskView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Looks for pictures; one look at a time. Those that are here keep their place. */
  look(first: string | null = null): Promise<void> {
    if (this.#isLooking) return this.#work;
    this.#isLooking = true;
    return this.#inOrder(async () => {
      const outcome = await this.#agent.ask({ query: 'label-queue' });
      this.#isLooking = false;
      if (outcome.kind === 'answered') this.#take(outcome.answer.queue, first);
      else this.#failure = outcome;
    });
  }

  /** Begins anew, such as with another folder. */
  async restart(): Promise<void> {
    this.#pictures = [];
    this.#position = 0;
    this.#given = [];
    this.#earlier = null;
    this.#queue = null;
    this.#failure = null;
    this.#trouble = null;
    this.#show();
    await this.look();
  }

  /** Says what the picture on the desk shows, and goes on to the next one. */
  async label(className: string, labelledBy: string): Promise<void> {
    const picture = this.#pictures[this.#position];
    if (picture === undefined) return;
    this.#pictures.splice(this.#position, 1);
    if (this.#position >= this.#pictures.length) this.#position = 0;
    const given = { picture, label: { name: picture.name, className, labelledBy } };
    this.#given.push(given);
    this.#trouble = null;
    this.#onTheWay++;
    this.#show();
    await this.#inOrder(async () => {
      const wish = { command: 'label', picture: picture.picture, className, labelledBy } as const;
      const outcome = await this.#agent.send(wish);
      this.#onTheWay--;
      if (outcome.kind === 'done') return this.#count(1);
      this.#given = this.#given.filter((each) => each !== given);
      const isGone = outcome.kind === 'refused' && outcome.code === 'labels/unknown-picture';
      if (!isGone) this.#putBack(picture);
      this.#trouble = outcome;
    });
    await this.#refill();
  }

  /** Takes the newest label back; its picture is on the desk again. */
  async undo(): Promise<void> {
    const given = this.#given.pop();
    const earlier = given === undefined ? this.#earlier : null;
    if (given === undefined && earlier === null) return;
    this.#trouble = null;
    if (given !== undefined) this.#putBack(given.picture);
    this.#onTheWay--;
    this.#show();
    await this.#inOrder(async () => {
      const outcome = await this.#agent.send('undo-label');
      this.#onTheWay++;
      if (outcome.kind === 'done') return this.#count(-1);
      this.#trouble = outcome;
      if (given === undefined) return;
      this.#pictures = this.#pictures.filter(({ picture }) => picture !== given.picture.picture);
      this.#given.push(given);
    });
    // What was labelled before this screen opened is not known here: the agent shows it again.
    if (given === undefined) await this.look(earlier!.picture);
  }

  /** Leaves the picture for later; the first one comes after the last. */
  next(): void {
    this.#move(1);
  }

  previous(): void {
    this.#move(-1);
  }

  #move(step: number): void {
    const count = this.#pictures.length;
    if (count < 2) return;
    this.#position = (this.#position + step + count) % count;
    this.#show();
  }

  async #refill(): Promise<void> {
    const left = this.#pictures.length;
    const elsewhere = (this.#queue?.waiting ?? 0) - this.#onTheWay - left;
    if (left < REFILL_AT && elsewhere > 0) await this.look();
  }

  #take(queue: LabelQueue, first: string | null): void {
    this.#failure = null;
    this.#queue = queue;
    if (this.#given.length === 0) this.#earlier = queue.last;
    const onDesk = first ?? this.#pictures[this.#position]?.picture;
    const news = new Map(queue.pictures.map((each) => [each.picture, each]));
    // One page need not be all: what it does not name may still be there.
    const isAll = queue.pictures.length === queue.waiting;
    const kept = this.#pictures.filter(({ picture }) => !isAll || news.has(picture));
    const known = new Set(kept.map(({ picture }) => picture));
    // Said while the list was on its way.
    for (const { picture } of this.#given) known.add(picture.picture);
    const more = queue.pictures.filter(({ picture }) => !known.has(picture));
    this.#pictures = [...kept.map((each) => news.get(each.picture) ?? each), ...more];
    const place = this.#pictures.findIndex(({ picture }) => picture === onDesk);
    this.#position = Math.max(0, place);
  }

  #putBack(picture: QueuedPicture): void {
    this.#pictures.splice(this.#position, 0, picture);
  }

  #count(change: 1 | -1): void {
    if (this.#queue === null) return;
    const { waiting, labelled } = this.#queue;
    this.#queue = { ...this.#queue, waiting: waiting - change, labelled: labelled + change };
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).then(() => this.#show());
    return this.#work;
  }

  #show(): void {
    const view = keepEqualParts(this.#view, this.#draw());
    // The agent took what the screen shows already: nothing is to be drawn again.
    if (view === this.#view) return;
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }

  #draw(): DeskView {
    const queue = this.#queue;
    const count = this.#pictures.length;
    const ahead = Math.min(UPCOMING, count - 1);
    const upcoming = Array.from({ length: Math.max(0, ahead) }, (_, index) => {
      return this.#pictures[(this.#position + 1 + index) % count]!;
    });
    return {
      isLoading: queue === null && this.#failure === null,
      failure: this.#failure,
      folder: queue?.folder ?? null,
      classes: queue?.classes ?? [],
      current: this.#pictures[this.#position] ?? null,
      upcoming,
      waiting: Math.max(count, (queue?.waiting ?? 0) - this.#onTheWay),
      labelled: Math.max(0, (queue?.labelled ?? 0) + this.#onTheWay),
      last: this.#given.at(-1)?.label ?? this.#earlier,
      trouble: this.#trouble,
    };
  }
}
