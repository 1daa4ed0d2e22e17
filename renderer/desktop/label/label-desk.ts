import {
  type Label,
  type LabelQueue,
  type LabelQueueWish,
  MAX_KNOWN_PICTURES,
} from '@genba/shared/local-api/labelling';
import type { AgentClient } from '../agent-client.ts';
import type { Failure } from '../agent-view.ts';
import { keepEqualParts } from '../keep-equal-parts.ts';
import { DeskPictures, type QueuedPicture } from './desk-pictures.ts';

/** A label that was given. */
export interface GivenLabel {
  readonly picture: string;
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
  /** Files that were not looked at yet, and pictures that the model has not judged yet. */
  readonly unread: number;
  readonly unjudged: number;
  /** What undo takes back: the newest label of whoever sits here; null where there is none. */
  readonly own: GivenLabel | null;
  /** Where there is none: the newest one of somebody else. */
  readonly others: GivenLabel | null;
  /** Why the newest label or undo was not kept; null where it was. */
  readonly trouble: Failure | null;
}

type Agent = Pick<AgentClient, 'ask' | 'send'>;

/** With fewer ahead the next page is fetched, so that nobody waits for it. */
const REFILL_AT = 50;

/**
 * Labels pictures one after the other. The next picture is there at once; what was said is on its way to the agent
 * meanwhile, in order. What the agent did not take comes back onto the desk.
 */
export class LabelDesk {
  readonly #agent: Agent;
  readonly #listeners = new Set<() => void>();
  readonly #pictures = new DeskPictures();
  /** Who sits here; null before anybody has said so. */
  #labeller: string | null;
  /** Given here by whoever sits here and not taken back, newest last. */
  #given: { readonly picture: QueuedPicture; readonly label: GivenLabel }[] = [];
  /** Taken back here, and the agent has not said so yet. */
  readonly #undoing = new Set<string>();
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

  constructor(agent: Agent, labeller: string | null) {
    this.#agent = agent;
    this.#labeller = labeller;
    this.#view = this.#draw();
  }

  /** What to show; the same object until something changes. */
  readonly view = (): DeskView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * Looks for pictures; one look at a time. Those that are ready keep their place.
   * @param wish `newest`: how all stands now; `more`: pictures that are not here
   */
  look(wish: 'newest' | 'more' = 'newest'): Promise<void> {
    if (this.#isLooking) return this.#work;
    this.#isLooking = true;
    return this.#inOrder(async () => {
      const except = wish === 'more' ? this.#pictures.ids.slice(0, MAX_KNOWN_PICTURES) : [];
      const of = { labelledBy: this.#labeller, except };
      const outcome = await this.#agent.ask({ query: 'label-queue', of });
      this.#isLooking = false;
      if (outcome.kind === 'answered') this.#take(outcome.answer.queue, of);
      else this.#failure = outcome;
    });
  }

  /** Begins anew, such as with another folder. */
  async restart(): Promise<void> {
    this.#pictures.clear();
    this.#given = [];
    this.#earlier = null;
    this.#queue = null;
    this.#failure = null;
    this.#trouble = null;
    this.#show();
    await this.look();
  }

  /** Somebody sits down, or stands up: what they have labelled is what undo takes back. */
  async sitDown(labeller: string | null): Promise<void> {
    if (labeller === this.#labeller) return;
    this.#labeller = labeller;
    this.#given = [];
    this.#earlier = null;
    this.#trouble = null;
    this.#show();
    // One that is under way asks for whoever sat here before.
    await this.#work;
    await this.look();
  }

  /** Says what the picture on the desk shows, and goes on to the next one. */
  readonly label = async (className: string): Promise<void> => {
    const labelledBy = this.#labeller;
    const picture = labelledBy === null ? null : this.#pictures.takeCurrent();
    if (picture === null || labelledBy === null) return;
    const label = { picture: picture.picture, name: picture.name, className, labelledBy };
    const given = { picture, label };
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
      if (!isGone) this.#pictures.putBack(picture);
      this.#trouble = outcome;
    });
    await this.#refill();
  };

  /** Takes the newest label of whoever sits here back; its picture is on the desk again. */
  readonly undo = async (): Promise<void> => {
    const given = this.#given.pop();
    const earlier = given === undefined ? this.#earlier : null;
    const label = given?.label ?? earlier;
    if (label === null) return;
    this.#trouble = null;
    if (earlier !== null) this.#earlier = null;
    this.#pictures.putBack(given?.picture ?? { picture: label.picture, name: label.name, suggestion: null });
    this.#undoing.add(label.picture);
    this.#onTheWay--;
    this.#show();
    const isAsThought = await this.#inOrder(async () => {
      const { picture, labelledBy } = label;
      const outcome = await this.#agent.send({ command: 'undo-label', picture, labelledBy });
      this.#undoing.delete(picture);
      this.#onTheWay++;
      if (outcome.kind === 'done') {
        this.#count(-1);
        return true;
      }
      const code = outcome.kind === 'refused' ? outcome.code : null;
      // It has no label: it may stay where it is.
      if (code === 'labels/nothing-to-undo') return false;
      this.#trouble = outcome;
      this.#pictures.remove(picture);
      if (code === 'labels/not-yours') return false;
      if (given !== undefined) this.#given.push(given);
      else this.#earlier = earlier;
      return true;
    });
    // The next one to take back was labelled before this screen opened, or all is other than this screen thinks.
    if (!isAsThought || this.#given.length === 0) await this.look();
  };

  /** Leaves the picture for later; the first one comes after the last. */
  readonly next = async (): Promise<void> => {
    this.#pictures.move(1);
    this.#show();
    await this.#refill();
  };

  readonly previous = (): void => {
    this.#pictures.move(-1);
    this.#show();
  };

  async #refill(): Promise<void> {
    const elsewhere = (this.#queue?.waiting ?? 0) - this.#onTheWay - this.#pictures.count;
    if (this.#pictures.aheadCount < REFILL_AT && elsewhere > 0) await this.look('more');
  }

  #take(queue: LabelQueue, { labelledBy, except }: LabelQueueWish): void {
    this.#failure = null;
    this.#queue = queue;
    const isOfLabeller = labelledBy === this.#labeller;
    if (isOfLabeller && this.#given.length === 0) {
      const isUndoing = queue.own !== null && this.#undoing.has(queue.own.picture);
      this.#earlier = isUndoing ? null : queue.own;
    }
    const given = new Set(this.#given.map(({ picture }) => picture.picture));
    // A page need not be all: what it does not name may still be there.
    const isAll = except.length === 0 && queue.unread === 0 && queue.pictures.length === queue.waiting;
    this.#pictures.update(queue.pictures, { given, undoing: this.#undoing, isAll });
  }

  #count(change: 1 | -1): void {
    if (this.#queue === null) return;
    const { waiting, labelled } = this.#queue;
    this.#queue = { ...this.#queue, waiting: waiting - change, labelled: labelled + change };
  }

  #inOrder<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#work.then(work).finally(() => this.#show());
    this.#work = done.then(() => undefined);
    return done;
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
    const own = this.#given.at(-1)?.label ?? this.#earlier;
    const last = queue?.last ?? null;
    return {
      isLoading: queue === null && this.#failure === null,
      failure: this.#failure,
      folder: queue?.folder ?? null,
      classes: queue?.classes ?? [],
      current: this.#pictures.current,
      upcoming: this.#pictures.upcoming(),
      waiting: Math.max(this.#pictures.count, (queue?.waiting ?? 0) - this.#onTheWay),
      labelled: Math.max(0, (queue?.labelled ?? 0) + this.#onTheWay),
      unread: queue?.unread ?? 0,
      unjudged: queue?.unjudged ?? 0,
      own: own === null ? null : givenLabel(own),
      others: own !== null || last === null || last.labelledBy === this.#labeller ? null : givenLabel(last),
      trouble: this.#trouble,
    };
  }
}

function givenLabel({ picture, name, className, labelledBy }: GivenLabel): GivenLabel {
  return { picture, name, className, labelledBy };
}
