import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WatchWish } from '@genba/shared/local-api/watches';
import { parse } from 'csv-parse/sync';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { openAgentDatabase } from '../store/database.ts';
import { HeldModel, judgeOf, SIDES, sidePicture, sidesWeights } from './fixtures.ts';
import { Watches } from './watches.ts';

const TIMES = { lookMs: 20, settleMs: 0, giveUpMs: 0 };

function place() {
  const { root, write } = temporaryFolder();
  const judge = judgeOf(join(root, 'データ'), SIDES, new HeldModel(sidesWeights()));
  onTestFinished(() => judge.stop());
  const wish = { path: join(root, '検査'), results: join(root, '結果.csv'), language: 'ja' as const };
  write('検査/夜勤/最初.png', 'to be replaced');
  const database = openAgentDatabase(join(root, 'データ'));
  onTestFinished(() => void database.close());
  const watches = (read: () => WatchWish[], store: (wishes: WatchWish[]) => void, times = TIMES) => {
    const context = { judge, database, inputKind: () => 'image' as const, onChange: () => {}, times };
    const made = new Watches({ ...context, read, write: store });
    onTestFinished(() => made.stop());
    return made;
  };
  const watch = (times = TIMES) => {
    const started = watches(
      () => [wish],
      () => {},
      times,
    );
    started.start();
    return {
      get status() {
        return started.statuses[0]!;
      },
      find: (picture: string) => started.find(picture),
      stop: () => started.stop(),
    };
  };
  const rows = () =>
    parse(readFileSync(wish.results), { bom: true, columns: true }) as Record<string, string>[];
  return { root, write, wish, watch, rows, watches };
}

const TIMEOUT = { timeout: 20_000 };

describe('a watched folder', () => {
  it('has each picture judged once, also over a restart, and says what could not be judged', async () => {
    const { write, watch, rows, wish } = place();
    write('検査/夜勤/最初.png', await sidePicture(0.9));
    write('検査/壊れ.png', 'not a picture');
    const first = watch();
    await expect.poll(() => first.status.written, TIMEOUT).toBe(2);
    await first.stop();
    write('検査/次.png', await sidePicture(0.2));
    // The same picture again, under another name.
    write('検査/写し.png', await sidePicture(0.9));
    const second = watch();
    await expect.poll(() => second.status.written, TIMEOUT).toBe(3);
    const { recent, counts } = second.status;
    expect(second.status).toMatchObject({ kind: 'pictures', waiting: 0, problem: null });
    expect(recent).toMatchObject([{ item: { name: '次.png', verdict: { className: '右' } }, values: [] }]);
    expect(counts).toEqual({ ok: 0, ng: 0, named: 1, unjudged: 0 });
    expect(second.find(recent[0]!.picture!)).toBe(join(wish.path, '次.png'));
    await second.stop();
    const [broken, ...judged] = rows().toSorted((a, b) => a.結果!.localeCompare(b.結果!));
    expect(broken).toMatchObject({ ファイル: '壊れ.png', 結果: '', モデル: 'own 7' });
    expect(broken!.判定できない理由).toMatch(/^判定できません/);
    expect(judged.map((row) => row.結果).toSorted()).toEqual(['右', '左']);
    expect(new Set(rows().map((row) => row.sha256)).size).toBe(3);
  });

  it('goes on behind a row that was cut off, and judges that picture anew', async () => {
    const { write, watch, rows, wish } = place();
    write('検査/夜勤/最初.png', await sidePicture(0.9));
    const first = watch();
    await expect.poll(() => first.status.written, TIMEOUT).toBe(1);
    await first.stop();
    const whole = readFileSync(wish.results);
    // A power cut in the middle of the digest, and one right behind it.
    for (const cut of [40, 2, 1]) {
      writeFileSync(wish.results, whole.subarray(0, whole.length - cut));
      const again = watch();
      await expect.poll(() => again.status.written, TIMEOUT).toBe(1);
      await again.stop();
      expect(rows()).toHaveLength(1);
      expect(rows()[0]).toMatchObject({ 結果: '左', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    }
  });

  it('waits for pictures that are still being written', async () => {
    const { write, watch, rows } = place();
    const file = write('検査/夜勤/最初.png', 'half');
    const watching = watch({ ...TIMES, settleMs: 3_600_000 });
    await expect.poll(() => watching.status.waiting, TIMEOUT).toBe(1);
    writeFileSync(file, await sidePicture(0.9));
    utimesSync(file, new Date(0), new Date(0));
    await expect.poll(() => watching.status.written, TIMEOUT).toBe(1);
    expect(rows()).toMatchObject([{ 結果: '左' }]);
  });

  it('leaves a file alone that is no such table, and says so', async () => {
    const { write, watch, wish } = place();
    write('検査/夜勤/最初.png', await sidePicture(0.9));
    writeFileSync(wish.results, '給与,秘密\n1,2');
    const watching = watch();
    await expect.poll(() => watching.status.problem?.code, TIMEOUT).toBe('judging/other-file');
    await watching.stop();
    expect(readFileSync(wish.results, 'utf8')).toBe('給与,秘密\n1,2');
  });

  it('knows what it has written in a table that a spreadsheet has saved', async () => {
    const { write, watch, wish } = place();
    write('検査/夜勤/最初.png', await sidePicture(0.9));
    const first = watch();
    await expect.poll(() => first.status.written, TIMEOUT).toBe(1);
    await first.stop();
    // Semicolons, and no byte order mark.
    writeFileSync(wish.results, readFileSync(wish.results, 'utf8').slice(1).replaceAll(',', ';'));
    const again = watch();
    await expect.poll(() => again.status.written, TIMEOUT).toBe(1);
    await again.stop();
    expect(readFileSync(wish.results, 'utf8').trim().split('\n')).toHaveLength(2);
  });
});

it('watches are kept over a restart, and each has a table of its own', async () => {
  const { wish, watches, root, write } = place();
  let kept: WatchWish[] = [];
  const open = () =>
    watches(
      () => kept,
      (next) => {
        kept = next;
      },
    );
  const first = open();
  await first.add(wish);
  const refuses = async (other: WatchWish, code: string) =>
    expect(first.add(other)).rejects.toMatchObject({ code });
  await refuses({ ...wish, results: join(root, 'b.csv') }, 'judging/watched-already');
  await refuses({ ...wish, path: root }, 'judging/watched-already');
  const other = { ...wish, path: root, results: join(root, 'b.csv') };
  await refuses({ ...other, path: join(root, '無い') }, 'judging/not-found');
  await refuses({ ...other, path: write('一枚.png', '') }, 'judging/mismatch');
  await refuses({ ...other, results: write('給与.csv', '給与,秘密\n') }, 'judging/other-file');
  await refuses({ ...other, results: join(root, '無い', 'b.csv') }, 'judging/file-not-writable');
  expect(kept).toEqual([wish]);
  await first.stop();
  const second = open();
  second.start();
  expect(second.statuses).toMatchObject([wish]);
  await second.remove(wish.path);
  expect(second.statuses).toEqual([]);
  expect(kept).toEqual([]);
});
