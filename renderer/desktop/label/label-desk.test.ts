import type { Label, LabelQueue, LabelQueueWish, Suggestion } from '@genba/shared/local-api/labelling';
import { describe, expect, it } from 'vitest';
import type { CommandOutcome, Failure } from '../agent-view.ts';
import { LabelDesk } from './label-desk.ts';

const PAGE = 3;
const done: CommandOutcome = { kind: 'done', result: null };
const refused = (
  code: Extract<Failure, { kind: 'refused' }>['code'],
  detail: string | null = null,
): Failure => ({
  kind: 'refused',
  code,
  detail,
});

/** An agent's side of labelling: pictures `a`, `b`, … in order, a few of them at a time. */
class Pictures {
  readonly labels: Label[] = [];
  /** What the next commands are answered with; without one they are obeyed. */
  refusals: CommandOutcome[] = [];
  readonly asked: LabelQueueWish[] = [];
  names: string[];
  /** How sure the model is of a picture; of the others it says nothing. */
  readonly confidences = new Map<string, number>();
  page = PAGE;
  unread = 0;

  constructor(names: readonly string[]) {
    this.names = [...names];
  }

  queue({ labelledBy, except }: LabelQueueWish): LabelQueue {
    const waiting = this.names.filter((name) => !this.labels.some(({ picture }) => picture === name));
    const confidence = (name: string) => this.confidences.get(name) ?? 2;
    const news = waiting
      .filter((name) => !except.includes(name))
      .sort((a, b) => confidence(a) - confidence(b));
    const suggestion = (name: string): Suggestion | null => {
      const known = this.confidences.get(name);
      return known === undefined ? null : { className: 'キズ', confidence: known };
    };
    return {
      folder: '/カメラ',
      classes: ['良品', 'キズ'],
      waiting: waiting.length,
      labelled: this.labels.length,
      unread: this.unread,
      unjudged: 0,
      pictures: news
        .slice(0, this.page)
        .map((name) => ({ picture: name, name, suggestion: suggestion(name) })),
      own: this.labels.findLast((label) => label.labelledBy === labelledBy) ?? null,
      last: this.labels.at(-1) ?? null,
    };
  }

  add(picture: string, className: string, labelledBy: string): void {
    const labelId = this.labels.length + 1;
    const labelledAt = '2026-11-26T00:00:00.000Z';
    this.labels.push({ labelId, picture, name: picture, className, labelledBy, labelledAt, undoneAt: null });
  }

  readonly agent: ConstructorParameters<typeof LabelDesk>[0] = {
    ask: (async ({ of }: { of: LabelQueueWish }) => {
      this.asked.push(of);
      const queue = this.queue(of);
      await Promise.resolve();
      return { kind: 'answered', answer: { type: 'label-queue', id: 1, queue } };
    }) as ConstructorParameters<typeof LabelDesk>[0]['ask'],
    send: async (wish) => {
      await Promise.resolve();
      const refusal = this.refusals.shift();
      if (refusal !== undefined) return refusal;
      if (typeof wish !== 'object') return done;
      if (wish.command === 'label') this.add(wish.picture, wish.className, wish.labelledBy);
      else if (wish.command === 'undo-label') {
        const place = this.labels.findLastIndex(({ picture }) => picture === wish.picture);
        if (place < 0) return refused('labels/nothing-to-undo');
        const { labelledBy } = this.labels[place]!;
        if (labelledBy !== wish.labelledBy) return refused('labels/not-yours', labelledBy);
        this.labels.splice(place, 1);
      }
      return done;
    },
  };
}

async function open(names: string, labeller = '山田') {
  const pictures = new Pictures([...names]);
  const desk = new LabelDesk(pictures.agent, labeller);
  await desk.look();
  const seen = () => {
    const { current, waiting, labelled, own } = desk.view();
    return { current: current?.name ?? null, waiting, labelled, own: own?.name ?? null };
  };
  return { pictures, desk, seen };
}

describe('the desk on which pictures are labelled', () => {
  it('has the next picture at once, and fetches more before it runs out', async () => {
    const { pictures, desk, seen } = await open('abcdefg');
    expect(desk.view().upcoming.map(({ name }) => name)).toEqual(['b', 'c']);
    const labelling = desk.label('キズ');
    expect(seen()).toEqual({ current: 'b', waiting: 6, labelled: 1, own: 'a' });
    await labelling;
    while (desk.view().current !== null) await desk.label('良品');
    expect(pictures.labels.map(({ picture }) => picture).join('')).toBe('abcdefg');
    expect(pictures.labels[0]).toMatchObject({ className: 'キズ', labelledBy: '山田' });
    expect(seen()).toEqual({ current: null, waiting: 0, labelled: 7, own: 'g' });
  });

  it('shows a label once: nothing is drawn again when the agent has taken it', async () => {
    const { desk } = await open('abc');
    let draws = 0;
    desk.subscribe(() => draws++);
    const labelling = desk.label('キズ');
    const shown = desk.view();
    await labelling;
    expect(draws).toBe(1);
    expect(desk.view()).toBe(shown);
  });

  it('keeps the order of what is said faster than the agent answers, and loses none of it', async () => {
    const { pictures, desk, seen } = await open('abcdefg');
    const steps = [
      desk.label('良品'),
      desk.label('キズ'),
      desk.undo(),
      desk.label('良品'),
      desk.label('キズ'),
    ];
    expect(seen()).toMatchObject({ labelled: 3, own: 'c' });
    await Promise.all(steps);
    expect(pictures.labels.map(({ picture, className }) => picture + className)).toEqual([
      'a良品',
      'b良品',
      'cキズ',
    ]);
    expect(seen()).toEqual({ current: 'd', waiting: 4, labelled: 3, own: 'c' });
  });

  it('keeps a picture whose label is being taken back while a list that lacks it arrives', async () => {
    const { desk, seen } = await open('abc');
    await desk.label('良品');
    const steps = [desk.look(), desk.undo()];
    expect(seen().current).toBe('a');
    await steps[0];
    expect(seen().current).toBe('a');
    await steps[1];
    expect(seen()).toEqual({ current: 'a', waiting: 3, labelled: 0, own: null });
  });
});

describe('undo', () => {
  it('takes back what was said here, then what the same person has said before', async () => {
    const { pictures, desk } = await open('abcdef');
    await desk.label('良品');
    await desk.label('良品');
    pictures.add('f', 'キズ', '佐藤');
    const again = new LabelDesk(pictures.agent, '山田');
    await again.look();
    await again.label('キズ');
    expect(again.view().own).toMatchObject({ name: 'c', labelledBy: '山田' });
    await again.undo();
    expect(again.view().current?.name).toBe('c');
    expect(again.view().own).toMatchObject({ name: 'b', labelledBy: '山田' });
    await again.undo();
    expect(again.view().current?.name).toBe('b');
    await again.undo();
    expect(again.view()).toMatchObject({ current: { name: 'a' }, own: null, waiting: 5, labelled: 1 });
    // What is left is somebody else's: it says whose.
    expect(again.view().others).toMatchObject({ name: 'f', labelledBy: '佐藤' });
    await again.undo();
    expect(pictures.labels.map(({ picture }) => picture)).toEqual(['f']);
  });

  it('is of whoever sits here, also after another has sat down', async () => {
    const { pictures, desk, seen } = await open('abcdef');
    await desk.label('良品');
    await desk.sitDown('佐藤');
    expect(desk.view()).toMatchObject({ own: null, others: { name: 'a', labelledBy: '山田' } });
    await desk.undo();
    expect(pictures.labels).toHaveLength(1);
    await desk.label('キズ');
    expect(pictures.labels[1]).toMatchObject({ picture: 'b', labelledBy: '佐藤' });
    await desk.sitDown('山田');
    expect(seen().own).toBe('a');
    await desk.undo();
    expect(pictures.labels.map(({ picture }) => picture)).toEqual(['b']);
    await desk.sitDown(null);
    await desk.label('良品');
    expect(pictures.labels).toHaveLength(1);
  });

  it('leaves a picture alone that somebody else has labelled since, and says so', async () => {
    const { pictures, desk, seen } = await open('abc');
    await desk.label('良品');
    pictures.add('a', 'キズ', '佐藤');
    await desk.undo();
    expect(desk.view().trouble).toMatchObject({ code: 'labels/not-yours', detail: '佐藤' });
    expect(seen().current).toBe('b');
    expect(pictures.labels).toHaveLength(2);
  });

  it('lets a picture wait whose label was taken back elsewhere', async () => {
    const { pictures, desk, seen } = await open('abc');
    await desk.label('良品');
    pictures.labels.length = 0;
    await desk.undo();
    expect(seen()).toEqual({ current: 'a', waiting: 3, labelled: 0, own: null });
    expect(desk.view().trouble).toBeNull();
  });
});

describe('the order of pictures', () => {
  it('changes as the model judges, but not of the one that is looked at nor of those that are ready', async () => {
    const { pictures, desk } = await open('');
    pictures.names = [...'abcdefghij'];
    pictures.page = 10;
    await desk.look();
    for (const [name, confidence] of [
      ['j', 0.51],
      ['a', 0.99],
      ['h', 0.6],
      ['g', 0.9],
    ] as const)
      pictures.confidences.set(name, confidence);
    await desk.look();
    const view = desk.view();
    expect(view.current).toMatchObject({ name: 'a', suggestion: { confidence: 0.99 } });
    expect(view.upcoming.map(({ name }) => name).join('')).toBe('bcde');
    const shown: string[] = [];
    while (desk.view().current !== null) {
      shown.push(desk.view().current!.name);
      await desk.label('良品');
    }
    expect(shown.join('')).toBe('abcdejhgfi');
  });

  it('has every picture come once by leaving for later, page after page, and then the first again', async () => {
    const names = Array.from({ length: 26 }, (_, index) => String.fromCharCode(97 + index));
    const { pictures, desk } = await open(names.join(''));
    const seen: string[] = [];
    for (const _ of names) {
      seen.push(desk.view().current!.name);
      await desk.next();
    }
    expect(seen.toSorted()).toEqual(names);
    expect(desk.view().current?.name).toBe(seen[0]);
    expect(pictures.asked.at(-1)!.except.length).toBeGreaterThan(PAGE);
  });

  it('is that in which they were left for later, once one comes back to them', async () => {
    const { desk, seen } = await open('abc');
    await desk.next();
    expect(seen().current).toBe('b');
    desk.previous();
    desk.previous();
    expect(seen().current).toBe('c');
    await desk.label('キズ');
    expect(seen().current).toBe('a');
  });

  it('keeps what is here while the agent has not read all files', async () => {
    const { pictures, desk, seen } = await open('abc');
    pictures.unread = 1;
    pictures.names = ['b', 'c'];
    await desk.look();
    expect(seen().current).toBe('a');
    pictures.unread = 0;
    await desk.look();
    expect(seen().current).toBe('b');
  });
});

describe('what the agent does not take', () => {
  it('puts a picture back whose label was not kept, and says so until the next one', async () => {
    const { pictures, desk, seen } = await open('abc');
    pictures.refusals = [refused('server/storage')];
    await desk.label('キズ');
    expect(seen()).toEqual({ current: 'a', waiting: 3, labelled: 0, own: null });
    expect(desk.view().trouble).toMatchObject({ code: 'server/storage' });
    await desk.label('良品');
    expect(desk.view().trouble).toBeNull();
    pictures.refusals = [{ kind: 'unanswered' }];
    await desk.undo();
    expect(seen()).toEqual({ current: 'b', waiting: 2, labelled: 1, own: 'a' });
    expect(desk.view().trouble).toEqual({ kind: 'unanswered' });
  });

  it('does not come back to a picture that is gone', async () => {
    const { pictures, desk, seen } = await open('abc');
    pictures.refusals = [refused('labels/unknown-picture')];
    pictures.names = ['b', 'c'];
    await desk.label('キズ');
    await desk.look();
    expect(seen()).toEqual({ current: 'b', waiting: 2, labelled: 0, own: null });
  });

  it('says why there is no list, and tries again', async () => {
    const { pictures } = await open('a');
    let isThere = false;
    const desk = new LabelDesk(
      {
        ...pictures.agent,
        ask: (async (wish) =>
          isThere ? pictures.agent.ask(wish) : { kind: 'unanswered' }) as typeof pictures.agent.ask,
      },
      '山田',
    );
    expect(desk.view().isLoading).toBe(true);
    await desk.look();
    expect(desk.view()).toMatchObject({ isLoading: false, failure: { kind: 'unanswered' } });
    isThere = true;
    await desk.restart();
    expect(desk.view()).toMatchObject({ failure: null, current: { name: 'a' } });
  });
});
