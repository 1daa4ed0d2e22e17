import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JudgedItem, JudgeSubject } from '@genba/shared/local-api/judging';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { HeldModel, judgeOf, keepReading, SIDES, sidePicture, sidesWeights } from './fixtures.ts';
import type { Judge } from './judge.ts';
import { carryOut } from './judgement.ts';
import { suggestBy } from './suggest.ts';

async function judged(judge: Judge, subject: JudgeSubject) {
  const items: JudgedItem[] = [];
  const judgement = await carryOut(judge, { subject, parts: true }, async (part) => void items.push(...part));
  return { judgement, items };
}

function stopped(judge: Judge): Judge {
  onTestFinished(() => judge.stop());
  return judge;
}

describe('pictures', () => {
  it('are judged with class and certainty, and a damaged one stops none of them', async () => {
    const { root, write } = temporaryFolder();
    write('検査/b 右.png', await sidePicture(0.1));
    write('検査/夜勤/a 左.png', await sidePicture(0.9));
    write('検査/c 壊れ.png', 'not a picture');
    write('検査/メモ.txt', 'not looked at');
    const judge = stopped(judgeOf(root, SIDES, new HeldModel(sidesWeights())));
    const paths = [join(root, '検査'), join(root, '無い.png')];
    const { judgement, items } = await judged(judge, { kind: 'paths', paths });
    expect(judgement).toMatchObject({
      model: { model: 'own', globalVersion: 7, rounds: 3 },
      judged: 2,
      failed: 2,
      classes: [
        { className: '左', count: 1 },
        { className: '右', count: 1 },
      ],
    });
    expect(judgement.items).toEqual(items);
    expect(items).toMatchObject([
      { name: 'b 右.png', line: null, verdict: { className: '右' }, problem: null },
      { name: 'c 壊れ.png', verdict: null, problem: { code: 'judging/unreadable' } },
      { name: '夜勤/a 左.png', verdict: { className: '左' }, problem: null },
      { name: paths[1], verdict: null, problem: { code: 'judging/not-found' } },
    ]);
    // 32 pixels a side at 0.9 and 0.1 of full light (230 and 26 of 255), 0.1 each: logits differ by 2.56.
    const difference = (32 * 0.1 * (230 - 26)) / 255;
    const [first] = items;
    expect(first!.verdict).toMatchObject({ kind: 'class' });
    expect((first!.verdict as { certainty: number }).certainty).toBeCloseTo(
      1 / (1 + Math.exp(-difference)),
      5,
    );
  });

  it('are judged until somebody has had enough: what was judged by then is the judgement', async () => {
    const { root, write } = temporaryFolder();
    const picture = await sidePicture(0.9);
    // More than are judged at a time.
    for (let number = 0; number < 150; number++) write(`検査/${number}.png`, picture);
    const judge = stopped(judgeOf(root, SIDES, new HeldModel(sidesWeights())));
    const abort = new AbortController();
    let told = 0;
    const tell = async (part: readonly JudgedItem[]) => {
      told += part.length;
      abort.abort();
    };
    const wish = { subject: { kind: 'paths' as const, paths: [join(root, '検査')] }, parts: true };
    const { judged } = await carryOut(judge, wish, tell, abort.signal);
    expect(judged).toBe(told);
    expect(judged).toBeGreaterThan(0);
    expect(judged).toBeLessThan(150);
  });

  it('are judged from their bytes, by the weights of the moment', async () => {
    const { root } = temporaryFolder();
    const model = new HeldModel(null);
    const judge = stopped(judgeOf(root, SIDES, model));
    const base64 = (await sidePicture(0.9)).toString('base64');
    const subject: JudgeSubject = { kind: 'picture', name: '落とした.png', base64 };
    await expect(judged(judge, subject)).rejects.toMatchObject({ code: 'judging/no-model' });
    model.vector = sidesWeights();
    expect((await judged(judge, subject)).items).toMatchObject([
      { name: '落とした.png', verdict: { className: '左' } },
    ]);
    // The same light, told the other way round.
    model.vector = sidesWeights().map((weight) => -weight);
    model.rounds += 1;
    expect((await judged(judge, subject)).items).toMatchObject([{ verdict: { className: '右' } }]);
  });

  it('are suggested for labelling with their certainty; without a model, nothing is', async () => {
    const { root, write } = temporaryFolder();
    const model = new HeldModel(null);
    const suggest = suggestBy(stopped(judgeOf(root, SIDES, model)));
    const clear = write('明.png', await sidePicture(1));
    const unclear = write('暗.png', await sidePicture(0.45));
    const pictures = [clear, unclear].map((path) => ({ path, digest: path, sizeBytes: 1, mtimeMs: 1 }));
    expect(await suggest(pictures)).toEqual([]);
    model.vector = sidesWeights();
    const [sure, unsure] = await suggest(pictures);
    expect([sure!.className, unsure!.className]).toEqual(['左', '右']);
    expect(sure!.confidence).toBeGreaterThan(0.9);
    expect(unsure!.confidence).toBeLessThan(0.6);
  });

  it('are judged although the processes were ended for having nothing to do', async () => {
    const { root, write } = temporaryFolder();
    write('a.png', await sidePicture(0.9));
    const judge = stopped(judgeOf(root, SIDES, new HeldModel(sidesWeights()), { idleMs: 50 }));
    const subject: JudgeSubject = { kind: 'paths', paths: [root] };
    for (let time = 0; time < 2; time++) {
      expect((await judged(judge, subject)).items).toMatchObject([{ verdict: { className: '左' } }]);
      await sleep(200);
    }
  });
});

/** y = 10 + 5 x of standardised x, in °C; the range −10 to 30 has its middle at 10 and half a length of 20. */
const HEAT = parseTask({
  id: 'heat',
  name: { en: 'Heat', ja: '温度' },
  input: { kind: 'table', columns: ['電流'], labelColumn: '温度' },
  objective: { kind: 'regression', range: [-10, 30], unit: '°C' },
  model: { template: 'mlp', hiddenUnits: [] },
  training: { validationShare: 0.25 },
});

describe('rows', () => {
  it('are judged as numbers with their unit, treated as the training data were', async () => {
    const { root, write } = temporaryFolder();
    const rows = Array.from({ length: 40 }, (_, row) => `${row % 4},${row}`);
    const training = write('学習.csv', ['電流,温度', ...rows].join('\n'));
    const judge = stopped(judgeOf(root, HEAT, new HeldModel(Float32Array.of(0.25, 0))));
    const subject: JudgeSubject = { kind: 'rows', rows: [{ 電流: 1 }, { 電流: 'x' }, { 電圧: 1 }] };
    await expect(judged(judge, subject)).rejects.toMatchObject({ code: 'dataset/not-read' });
    await keepReading(root, training, HEAT);
    const { means, deviations } = judge.open().preparer.statistics!;
    const expected = (current: number) => 10 + (5 * (current - means[0]!)) / deviations[0]!;
    const sent = await judged(judge, subject);
    expect(sent.judgement).toMatchObject({ judged: 1, failed: 2, classes: [] });
    expect(sent.items).toMatchObject([
      { name: '', line: 1, verdict: { kind: 'number', unit: '°C' } },
      { line: 2, verdict: null, problem: { code: 'judging/mismatch' } },
      { line: 3, verdict: null, problem: { code: 'judging/mismatch' } },
    ]);
    expect((sent.items[0]!.verdict as { value: number }).value).toBeCloseTo(expected(1), 4);
    // A file of another form, longer than one step, with a bad row in it.
    const lines = Array.from({ length: 150 }, (_, row) => (row === 9 ? 'x;壊れ' : `x;${row},0`));
    const file = write('新しい.csv', ['番号;電流', ...lines].join('\n'));
    const read = await judged(judge, { kind: 'paths', paths: [file] });
    expect(read.judgement).toMatchObject({ judged: 149, failed: 1 });
    expect(read.judgement.items).toHaveLength(100);
    expect(read.items.map(({ line }) => line)).toEqual(Array.from({ length: 150 }, (_, row) => row + 2));
    expect((read.items[149]!.verdict as { value: number }).value).toBeCloseTo(expected(149), 3);
  });

  it('of a file without the columns, and pictures, are told not to fit', async () => {
    const { root, write } = temporaryFolder();
    await keepReading(root, write('学習.csv', `電流,温度\n${'1,2\n'.repeat(20)}`), HEAT);
    const judge = stopped(judgeOf(root, HEAT, new HeldModel(Float32Array.of(0.25, 0))));
    const other = write('別.csv', 'a,b\n1,2\n');
    const { items } = await judged(judge, { kind: 'paths', paths: [other] });
    expect(items).toMatchObject([{ name: '別.csv', problem: { code: 'judging/mismatch' } }]);
    const base64 = (await sidePicture(1)).toString('base64');
    const picture = await judged(judge, { kind: 'picture', name: 'a.png', base64 });
    expect(picture.items).toMatchObject([{ problem: { code: 'judging/mismatch' } }]);
  });
});

const WATCH = parseTask({
  id: 'watch',
  name: { en: 'Watch', ja: '監視' },
  input: { kind: 'series', columns: ['振動'], windowRows: 4, strideRows: 4 },
  classes: ['正常', '異常'],
  objective: { kind: 'anomaly', falseAlarmShare: 0.1 },
  model: { template: 'autoencoder', hiddenUnits: [2] },
  training: { validationShare: 0.25 },
});

it('windows are judged usual or not, by a threshold from the good ones that were held out', async () => {
  const { root, write } = temporaryFolder();
  const values = Array.from({ length: 400 }, (_, row) => Math.sin(row) * (1 + (row % 7) / 20));
  await keepReading(root, write('学習.csv', `振動\n${values.join('\n')}`), WATCH);
  // Without weights it reconstructs zeros: the error is the mean square of the standardised window.
  const model = new HeldModel(new Float32Array(weightLayout(WATCH).size));
  const judge = stopped(judgeOf(root, WATCH, model));
  const rows = [0, 0, 0, 0, 9, 9, 9, 9].map((value) => ({ 振動: value }));
  const { items } = await judged(judge, { kind: 'rows', rows });
  expect(items).toMatchObject([
    { line: 4, verdict: { kind: 'anomaly', isUnusual: false, className: '正常' } },
    { line: 8, verdict: { kind: 'anomaly', isUnusual: true, className: '異常' } },
  ]);
  const [usual] = items;
  const { threshold } = usual!.verdict as { threshold: number };
  // The mean square of the training data is 1 by their own standard.
  expect(threshold).toBeGreaterThan(0.8);
  expect(threshold).toBeLessThan(3);
});
