/** A class of the task and its place there. */
export interface PlacedClass {
  readonly name: string;
  readonly index: number;
}

/** Katakana lie so far behind hiragana. */
const KANA_DISTANCE = 0x60;

/**
 * The classes whose names contain what somebody has written so far, those that begin with it first. Full-width and
 * half-width, capital and small, hiragana and katakana are the same: what an input method has not converted yet counts.
 */
export function findClasses(classes: readonly string[], written: string): PlacedClass[] {
  const wanted = folded(written.trim());
  const found = classes.flatMap((name, index) => {
    const place = folded(name).indexOf(wanted);
    return place < 0 ? [] : [{ name, index, isFirst: place === 0 }];
  });
  const inOrder = [...found.filter(({ isFirst }) => isFirst), ...found.filter(({ isFirst }) => !isFirst)];
  return inOrder.map(({ name, index }) => ({ name, index }));
}

function folded(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\u30A1-\u30F6]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - KANA_DISTANCE));
}
