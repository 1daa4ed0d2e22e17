import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { harmlessShare, judgeNorms, type NormRecord } from './judge-norms.ts';
import { screeningSchema } from './settings.ts';

const SETTINGS = screeningSchema.parse({});

/** Nothing but its own name is special about a layer. */
const GROUP = 'logits';

const norm = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const rounds = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.constant(Number.MAX_SAFE_INTEGER));

const record = fc
  .record({ rounds, norm })
  .map((of): NormRecord => ({ rounds: of.rounds, norms: { [GROUP]: of.norm } }));
const history = fc.record({
  own: fc.array(record, { maxLength: 20 }),
  task: fc.array(record, { minLength: SETTINGS.minimumHistory, maxLength: 60 }),
});
/** How large the weights were that an update started from. */
const startNorm = norm;

type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

function isFound(
  update: { readonly rounds: number; readonly norm: number },
  { known, start }: { readonly known: History; readonly start: number },
): boolean {
  const judged = { rounds: update.rounds, norms: { [GROUP]: update.norm } };
  return judgeNorms(judged, known, { settings: SETTINGS, startNormsOf: () => ({ [GROUP]: start }) }) !== null;
}

describe('judgeNorms', () => {
  it('never holds what training that long does to any weights, whatever the others do', () => {
    fc.assert(
      fc.property(
        history,
        startNorm,
        rounds,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (known, start, n, share) => {
          const update = { rounds: n, norm: share * harmlessShare(n) * start };
          expect(isFound(update, { known, start })).toBe(false);
        },
      ),
    );
  });

  it('never holds it against an update that more rounds are behind it than behind the others', () => {
    const alike = fc.tuple(history, rounds).map(([{ own, task }, n]): History => {
      const withRounds = (of: readonly NormRecord[]) => of.map(({ norms }) => ({ rounds: n, norms }));
      return { own: withRounds(own), task: withRounds(task) };
    });
    fc.assert(
      fc.property(alike, startNorm, fc.tuple(rounds, rounds), norm, (known, start, pair, moved) => {
        const [fewer, more] = pair.toSorted((a, b) => a - b) as [number, number];
        // A hair less, so that no rounding decides.
        const isFoundWith = (n: number, size: number) => isFound({ rounds: n, norm: size }, { known, start });
        if (isFoundWith(more, moved * (1 - 1e-9))) expect(isFoundWith(fewer, moved)).toBe(true);
      }),
    );
  });

  it('finds what is far beyond both the history and its own weights, however many rounds are claimed', () => {
    fc.assert(
      fc.property(history, startNorm, rounds, (known, start, n) => {
        const largest = Math.max(...known.task.map(({ norms }) => norms[GROUP]!));
        // Twenty times what the largest of the history would be after a hundred times as many rounds.
        const moved = 1.01 * Math.max(200 * largest, harmlessShare(Number.MAX_SAFE_INTEGER) * start);
        expect(isFound({ rounds: n, norm: moved }, { known, start })).toBe(true);
      }),
    );
  });

  it('judges alike at every scale', () => {
    const scale = fc.constantFrom(2 ** -12, 2 ** -3, 2, 2 ** 10);
    fc.assert(
      fc.property(history, startNorm, fc.record({ rounds, norm }), scale, (known, start, update, by) => {
        const scaled = (of: readonly NormRecord[]) =>
          of.map((each) => ({ rounds: each.rounds, norms: { [GROUP]: by * each.norms[GROUP]! } }));
        const other = { known: { own: scaled(known.own), task: scaled(known.task) }, start: by * start };
        expect(isFound({ ...update, norm: by * update.norm }, other)).toBe(isFound(update, { known, start }));
      }),
    );
  });
});
