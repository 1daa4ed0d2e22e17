import type { Label, LabelQueue } from '@genba/shared/local-api/labelling';
import { describe, expect, it } from 'vitest';
import type { CommandOutcome, Failure } from '../agent-view.ts';
import { LabelDesk } from './label-desk.ts';

const PAGE = 3;
const done: CommandOutcome = { kind: 'done', result: null };
const refused = (code: 'labels/unknown-picture' | 'server/storage'): Failure => ({
  kind: 'refused',
  code,
  detail: null,
});

/** An agent's side of labelling: pictures `a`, `b`, … in order, a few of them at a time. */
class Pictures {
  readonly labels: Label[] = [];
  /** What the next commands are answered with; without one they are obeyed. */
  refusals: CommandOutcome[] = [];
  looks = 0;
  names: string[];

  constructor(names: readonly string[]) {
    this.names = [...names];
  }

  queue(): LabelQueue {
    const waiting = this.names.filter((name) => !this.labels.some(({ picture }) => picture === name));
    return {
      folder: '/カメラ',
      classes: ['良品', 'キズ'],
      waiting: waiting.length,
      labelled: this.labels.length,
      pictures: waiting.slice(0, PAGE).map((name) => ({ picture: name, name, suggestion: null })),
      last: this.labels.at(-1) ?? null,
    };
  }

  readonly agent: ConstructorParameters<typeof LabelDesk>[0] = {
    ask: (async () => {
      this.looks++;
      const queue = this.queue();
      await Promise.resolve();
      return { kind: 'answered', answer: { type: 'label-queue', id: 1, queue } };
    }) as ConstructorParameters<typeof LabelDesk>[0]['ask'],
    send: async (wish) => {
      await Promise.resolve();
      const refusal = this.refusals.shift();
      if (refusal !== undefined) return refusal;
      if (wish === 'undo-label') this.labels.pop();
      else if (typeof wish === 'object' && wish.command === 'label') {
        const { picture, className, labelledBy } = wish;
        const labelledAt = '2026-11-26T00:00:00.000Z';
        const labelId = this.labels.length + 1;
        this.labels.push({
          labelId,
          picture,
          name: picture,
          className,
          labelledBy,
          labelledAt,
          undoneAt: null,
        });
      }
      return done;
    },
  };
}

async function open(names: string) {
  const pictures = new Pictures([...names]);
  const desk = new LabelDesk(pictures.agent);
  await desk.look();
  const seen = () => {
    const { current, waiting, labelled, last } = desk.view();
    return { current: current?.name ?? null, waiting, labelled, last: last?.name ?? null };
  };
  return { pictures, desk, seen };
}

describe('the desk on which pictures are labelled', () => {
  it('has the next picture at once, and fetches more before it runs out', async () => {
    const { pictures, desk, seen } = await open('abcdefg');
    expect(desk.view().upcoming.map(({ name }) => name)).toEqual(['b', 'c']);
    const labelling = desk.label('キズ', '山田');
    expect(seen()).toEqual({ current: 'b', waiting: 6, labelled: 1, last: 'a' });
    await labelling;
    while (desk.view().current !== null) await desk.label('良品', '山田');
    expect(pictures.labels.map(({ picture }) => picture).join('')).toBe('abcdefg');
    expect(pictures.labels[0]).toMatchObject({ className: 'キズ', labelledBy: '山田' });
    expect(seen()).toEqual({ current: null, waiting: 0, labelled: 7, last: 'g' });
  });

  it('shows a label once: nothing is drawn again when the agent has taken it', async () => {
    const { desk } = await open('abc');
    let draws = 0;
    desk.subscribe(() => draws++);
    const labelling = desk.label('キズ', '山田');
    const shown = desk.view();
    await labelling;
    expect(draws).toBe(1);
    expect(desk.view()).toBe(shown);
  });

  it('keeps the order of what is said faster than the agent answers, and loses none of it', async () => {
    const { pictures, desk, seen } = await open('abcdefg');
    const steps = [
      desk.label('良品', '山田'),
      desk.label('キズ', '山田'),
      desk.undo(),
      desk.label('良品', '山田'),
      desk.label('キズ', '山田'),
    ];
    expect(seen()).toMatchObject({ labelled: 3, last: 'c' });
    await Promise.all(steps);
    expect(pictures.labels.map(({ picture, className }) => picture + className)).toEqual([
      'a良品',
      'b良品',
      'cキズ',
    ]);
    expect(seen()).toEqual({ current: 'd', waiting: 4, labelled: 3, last: 'c' });
  });

  it('takes back what was said here, then what was said before', async () => {
    const { pictures, desk, seen } = await open('abcdef');
    await desk.label('良品', '山田');
    await desk.label('良品', '山田');
    const again = new LabelDesk(pictures.agent);
    await again.look();
    await again.label('キズ', '佐藤');
    await again.look();
    await again.undo();
    expect(again.view().current?.name).toBe('c');
    expect(again.view().last).toMatchObject({ name: 'b', labelledBy: '山田' });
    await again.undo();
    expect(again.view().current?.name).toBe('b');
    await again.undo();
    expect(again.view()).toMatchObject({ current: { name: 'a' }, last: null, waiting: 6, labelled: 0 });
    await again.undo();
    expect(pictures.labels).toEqual([]);
    expect(seen().current).toBe('c');
  });

  it('leaves pictures for later and comes back to them', async () => {
    const { desk, seen } = await open('abc');
    desk.next();
    expect(seen().current).toBe('b');
    desk.previous();
    desk.previous();
    expect(seen().current).toBe('c');
    await desk.label('キズ', '山田');
    expect(seen().current).toBe('a');
  });

  it('puts a picture back whose label was not kept, and says so until the next one', async () => {
    const { pictures, desk, seen } = await open('abc');
    pictures.refusals = [refused('server/storage')];
    await desk.label('キズ', '山田');
    expect(seen()).toEqual({ current: 'a', waiting: 3, labelled: 0, last: null });
    expect(desk.view().trouble).toMatchObject({ code: 'server/storage' });
    await desk.label('良品', '山田');
    expect(desk.view().trouble).toBeNull();
    pictures.refusals = [{ kind: 'unanswered' }];
    await desk.undo();
    expect(seen()).toEqual({ current: 'b', waiting: 2, labelled: 1, last: 'a' });
    expect(desk.view().trouble).toEqual({ kind: 'unanswered' });
  });

  it('does not come back to a picture that is gone', async () => {
    const { pictures, desk, seen } = await open('abc');
    pictures.refusals = [refused('labels/unknown-picture')];
    pictures.names = ['b', 'c'];
    await desk.label('キズ', '山田');
    await desk.look();
    expect(seen()).toEqual({ current: 'b', waiting: 2, labelled: 0, last: null });
  });

  it('says why there is no list, and tries again', async () => {
    const { pictures } = await open('a');
    let isThere = false;
    const desk = new LabelDesk({
      ...pictures.agent,
      ask: (async (wish) =>
        isThere ? pictures.agent.ask(wish) : { kind: 'unanswered' }) as typeof pictures.agent.ask,
    });
    expect(desk.view().isLoading).toBe(true);
    await desk.look();
    expect(desk.view()).toMatchObject({ isLoading: false, failure: { kind: 'unanswered' } });
    isThere = true;
    await desk.restart();
    expect(desk.view()).toMatchObject({ failure: null, current: { name: 'a' } });
  });
});
