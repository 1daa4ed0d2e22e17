import type { JudgedItem, JudgeSubject } from '@genba/shared/local-api/judging';
import type { AgentClient } from '../agent-client.ts';
import type { Failure } from '../agent-view.ts';

/** One result in the list. */
export interface Result {
  /** Its number since the screen was first opened. */
  readonly number: number;
  readonly item: JudgedItem;
  /** When it was judged, ISO 8601. */
  readonly at: string;
  /** The picture as it was dropped, `data:…`; null where it is not here. */
  readonly picture: string | null;
}

/** What the screen shows. */
export interface JudgeView {
  /** Newest first. */
  readonly results: readonly Result[];
  /** The one that stands there large; null before the first. */
  readonly shown: Result | null;
  /** How many have been judged of what is being judged; null while nothing is. */
  readonly progress: number | null;
  /** Why the newest wish came to nothing. */
  readonly trouble: Failure | null;
}

/** So many results are kept, and so many pictures. */
const MAX_RESULTS = 5000;
const MAX_PICTURES = 50;

/** Something to be judged, with its picture where there is one to show. */
export interface JudgeOrder {
  readonly subject: JudgeSubject;
  readonly picture: string | null;
}

/** Has the model judge one thing after the other, and keeps what it said while the window is open. */
export class JudgeDesk {
  readonly #agent: Pick<AgentClient, 'ask' | 'send'>;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #view: JudgeView = { results: [], shown: null, progress: null, trouble: null };
  #nextNumber = 1;
  #work: Promise<void> = Promise.resolve();
  #orders = 0;
  /** By which the agent knows what it is judging; null while it judges nothing. */
  #key: string | null = null;
  /** Orders up to this number are not begun any more. */
  #cancelledUpTo = 0;
  #lastOrder = 0;

  /** @param now milliseconds since 1970 */
  constructor(agent: Pick<AgentClient, 'ask' | 'send'>, now: () => number) {
    this.#agent = agent;
    this.#now = now;
  }

  /** What to show; the same object until something changes. */
  readonly view = (): JudgeView => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Has something judged, after what is being judged already. */
  judge({ subject, picture }: JudgeOrder): Promise<void> {
    this.#orders++;
    const number = ++this.#lastOrder;
    this.#show({ progress: this.#view.progress ?? 0, trouble: null });
    this.#work = this.#work.then(async () => {
      this.#orders--;
      if (number <= this.#cancelledUpTo) {
        if (this.#orders === 0) this.#show({ progress: null });
        return;
      }
      const key = crypto.randomUUID();
      this.#key = key;
      const of = { subject, parts: true, key };
      const outcome = await this.#agent.ask({ query: 'judge', of }, ({ part }) => this.#take(part, picture));
      this.#key = null;
      this.#show({
        ...(this.#orders === 0 ? { progress: null } : {}),
        ...(outcome.kind === 'answered' ? {} : { trouble: outcome }),
      });
    });
    return this.#work;
  }

  /** Breaks off what is being judged, and begins nothing of what waits; what was judged stays. */
  async cancel(): Promise<void> {
    this.#cancelledUpTo = this.#lastOrder;
    const key = this.#key;
    if (key === null) return;
    const outcome = await this.#agent.send({ command: 'cancel-judging', key });
    if (outcome.kind !== 'done') this.#show({ trouble: outcome });
  }

  /** Shows one of the results large. */
  choose(result: Result): void {
    this.#show({ shown: result });
  }

  /** Empties the list. @returns what puts it back, in front of nothing that came since */
  clear(): () => void {
    const { results, shown } = this.#view;
    this.#show({ results: [], shown: null });
    return () => {
      const since = this.#view.results;
      this.#show({ results: [...since, ...results].slice(0, MAX_RESULTS), shown: this.#view.shown ?? shown });
    };
  }

  #take(items: readonly JudgedItem[], picture: string | null): void {
    const at = new Date(this.#now()).toISOString();
    const news = items.map((item): Result => ({ number: this.#nextNumber++, item, at, picture }));
    if (news.length === 0) return;
    const results = [...news.toReversed(), ...this.#view.results].slice(0, MAX_RESULTS);
    const kept = results.map((result, place) =>
      place >= MAX_PICTURES && result.picture !== null ? { ...result, picture: null } : result,
    );
    this.#show({ results: kept, shown: news.at(-1)!, progress: (this.#view.progress ?? 0) + news.length });
  }

  #show(change: Partial<JudgeView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}
