import type { JudgedItem } from '@genba/shared/local-api/judging';
import { describe, expect, it } from 'vitest';
import type { AgentClient } from '../agent-client.ts';
import type { Failure } from '../agent-view.ts';
import { JudgeDesk, type JudgeOrder } from './judge-desk.ts';

const item = (name: string): JudgedItem => ({
  name,
  line: null,
  series: null,
  verdict: { kind: 'class', className: 'OK', certainty: 0.9, isGood: true, score: 0.1, threshold: null },
  problem: null,
});

/** A desk whose agent answers with these items per wish, part by part. */
function open(answers: (readonly (readonly JudgedItem[])[] | Failure)[]) {
  const ask = (async (_: unknown, onPart: (message: { part: readonly JudgedItem[] }) => void) => {
    const answer = answers.shift()!;
    await Promise.resolve();
    if ('kind' in answer) return answer;
    for (const part of answer) onPart({ part });
    return { kind: 'answered', answer: {} };
  }) as AgentClient['ask'];
  const send = (async () => ({ kind: 'done', result: null })) as AgentClient['send'];
  return new JudgeDesk({ ask, send }, () => Date.parse('2026-11-26T08:00:00Z'));
}

const paths: JudgeOrder = { subject: { kind: 'paths', paths: ['/a'] }, picture: null };
const names = (desk: JudgeDesk) => desk.view().results.map((result) => result.item.name);

describe('the desk on which parts are judged', () => {
  it('has the newest result first and large, and says how far it is', async () => {
    const desk = open([[[item('a'), item('b')], [item('c')]], [[item('d')]]]);
    const progress: (number | null)[] = [];
    desk.subscribe(() => progress.push(desk.view().progress));
    const first = desk.judge(paths);
    await desk.judge({ ...paths, picture: 'data:image/png;base64,AA==' });
    await first;
    expect(names(desk)).toEqual(['d', 'c', 'b', 'a']);
    expect(desk.view()).toMatchObject({ shown: { number: 4, picture: 'data:image/png;base64,AA==' } });
    expect(progress).toEqual([0, 0, 2, 3, 3, 4, null]);
    desk.choose(desk.view().results[2]!);
    expect(desk.view().shown?.item.name).toBe('b');
  });

  it('tells why nothing was judged, and goes on with what follows', async () => {
    const desk = open([{ kind: 'refused', code: 'judging/no-model', detail: null }, [[item('a')]]]);
    await desk.judge(paths);
    expect(desk.view()).toMatchObject({ trouble: { code: 'judging/no-model' }, progress: null, shown: null });
    await desk.judge(paths);
    expect(desk.view()).toMatchObject({ trouble: null, shown: { item: { name: 'a' } } });
  });

  it('breaks off what is being judged by its own key, and begins nothing of what waits', async () => {
    const asked: string[] = [];
    let end: () => void = () => undefined;
    const ask = ((wish: { of: { key: string } }, onPart: (message: object) => void) => {
      asked.push(wish.of.key);
      onPart({ part: [item(`${asked.length}`)] });
      return new Promise((resolve) => {
        end = () => resolve({ kind: 'answered', answer: {} });
      });
    }) as unknown as AgentClient['ask'];
    const sent: object[] = [];
    const send = (async (wish: object) => {
      sent.push(wish);
      end();
      return { kind: 'done', result: null };
    }) as unknown as AgentClient['send'];
    const desk = new JudgeDesk({ ask, send }, Date.now);
    const orders = [desk.judge(paths), desk.judge(paths)];
    await Promise.resolve();
    await desk.cancel();
    await Promise.all(orders);
    expect(sent).toEqual([{ command: 'cancel-judging', key: asked[0] }]);
    expect(asked).toHaveLength(1);
    expect(desk.view()).toMatchObject({ progress: null, trouble: null, results: [{ item: { name: '1' } }] });
    const later = desk.judge(paths);
    await Promise.resolve();
    await Promise.resolve();
    end();
    await later;
    expect(names(desk)).toEqual(['2', '1']);
  });

  it('empties its list, and puts it back behind what has come since', async () => {
    const desk = open([[[item('a'), item('b')]], [[item('c')]]]);
    await desk.judge(paths);
    const undo = desk.clear();
    expect(desk.view()).toMatchObject({ results: [], shown: null });
    await desk.judge(paths);
    undo();
    expect(names(desk)).toEqual(['c', 'b', 'a']);
    expect(desk.view().shown?.item.name).toBe('c');
  });

  it('keeps a bounded number of results and pictures', async () => {
    const many = Array.from({ length: 6000 }, (_, number) => item(`${number}`));
    const desk = open([[many]]);
    await desk.judge({ ...paths, picture: 'data:,' });
    const { results } = desk.view();
    expect(results).toHaveLength(5000);
    expect(results[0]!.item.name).toBe('5999');
    expect(results.filter(({ picture }) => picture !== null)).toHaveLength(50);
  });
});
