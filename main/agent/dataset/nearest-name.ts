import { columnKey } from './csv-dialect.ts';

/** Names that differ in more than this share of their letters are others. */
const MOST_DIFFERENT = 0.4;

/** Units and remarks in brackets: `トルク [Nm]` is nearly `トルク`. */
const BRACKETS = /\s*[[(【<].*?[\])】>]\s*/g;

/** The name that is most likely meant by one that is missing; null where none is like it. Never used without asking. */
export function nearestName(wanted: string, names: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = MOST_DIFFERENT;
  for (const name of names) {
    const difference = differenceOf(bare(wanted), bare(name));
    if (difference < least || (difference === least && nearest === null)) {
      least = difference;
      nearest = name;
    }
  }
  return nearest;
}

function bare(name: string): string {
  return columnKey(name)
    .replace(BRACKETS, '')
    .replace(/[\s_.-]+/g, '');
}

/** Share of letters to change, 0 to 1; less where one name is part of the other. */
function differenceOf(one: string, other: string): number {
  const longest = Math.max(one.length, other.length);
  if (Math.min(one.length, other.length) === 0) return 1;
  const changes = editDistance(one, other) / longest;
  return one.includes(other) || other.includes(one) ? changes / 2 : changes;
}

/** Fewest letters to put in, leave out or replace (Levenshtein 1966), in one row of memory. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let line = 1; line <= one.length; line++) {
    const next = [line];
    for (let column = 1; column <= other.length; column++) {
      const replaced = row[column - 1]! + (one[line - 1] === other[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
