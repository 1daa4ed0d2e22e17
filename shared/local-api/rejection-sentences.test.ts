import { describe, expect, it } from 'vitest';
import type { MeasuredRejection, Rejection } from './rejection.ts';
import { rejectionSentences } from './rejection-sentences.ts';

function rejection(measured: MeasuredRejection | null, rejectGood: number | null = 0.01): Rejection {
  const goodClasses = ['OK'];
  const wish = { rejectGood, goodClasses };
  return { wish, goodClasses, classes: ['OK', 'NG'], threshold: 0.3, reason: null, measured };
}

const of = (goodPassed: number, goodRejected: number, badFound: number, badMissed: number) => ({
  goodPassed,
  goodRejected,
  badFound,
  badMissed,
  isIndependent: true,
});

const APART = 'Each part was judged by a threshold that the other parts have chosen.';

describe('what a threshold does', () => {
  it('is said in parts of a hundred', () => {
    const enough = rejection(of(990, 10, 186, 14));
    expect(rejectionSentences(enough, 'en')).toEqual([
      'Of 100 good parts 1 is rejected wrongly; of 100 bad ones 93 are found.',
      APART,
    ]);
    expect(rejectionSentences(enough, 'ja')).toEqual([
      '良品100個のうち、1個が誤って不良と判定されます。不良品100個のうち、93個が見つかります。',
      '各部品は、それ以外の部品で決めたしきい値で判定して数えています。',
    ]);
  });

  it('does not round few to none, nor nearly all to all', () => {
    expect(rejectionSentences(rejection(of(997, 3, 998, 2)), 'en')).toEqual([
      'Of 1000 good parts 3 are rejected wrongly; of 1000 bad ones 998 are found.',
      APART,
    ]);
    expect(rejectionSentences(rejection(of(500, 0, 200, 0)), 'en')).toEqual([
      'Of 100 good parts none is rejected wrongly; of 100 bad ones 100 are found.',
      APART,
    ]);
  });

  it('owns up to few parts, with the range that they leave open', () => {
    // Wilson: 0 of 40 leaves 0 to 8.8 %, 5 of 7 leaves 35.9 to 91.8 %.
    expect(rejectionSentences(rejection(of(40, 0, 5, 2)), 'en')).toEqual([
      'Of 100 good parts none is rejected wrongly; of 100 bad ones 71 are found.',
      'Measured on 40 good and 7 bad parts that were held out, which is few.',
      'Of 100 good parts it may be 0 to 9 that are rejected.',
      'Of 100 bad ones it may be 35 to 92 that are found.',
      'With 40 good parts, a smaller share than 1 in 40 cannot be told from none.',
      APART,
    ]);
  });

  it('owns up to parts that have chosen the threshold themselves', () => {
    const same = { ...of(200, 2, 186, 14), isIndependent: false };
    expect(rejectionSentences(rejection(same), 'en').at(-1)).toMatch(/^Measured on the very parts/);
    expect(rejectionSentences(rejection(same), 'ja').at(-1)).toMatch(/同じ部品で調べました。/);
  });

  it('says what cannot be known', () => {
    expect(rejectionSentences(rejection(of(200, 2, 0, 0)), 'en')[1]).toMatch(/^No bad part is held out/);
    const unknown: Rejection = {
      ...rejection(null),
      goodClasses: null,
      threshold: null,
      reason: 'good-classes-unknown',
    };
    expect(rejectionSentences(unknown, 'ja')).toEqual([
      '良品のクラスを指定してください。指定すると、良品をどこまで不良と判定してよいかを決められます。',
    ]);
    const likeliest: Rejection = {
      ...rejection(of(99, 1, 90, 10), null),
      threshold: null,
      reason: 'not-asked',
    };
    expect(rejectionSentences(likeliest, 'en')[0]).toBe('The likeliest class counts.');
    // Nothing was chosen, so nothing is said of it.
    expect(rejectionSentences(likeliest, 'en')).not.toContain(APART);
  });
});
