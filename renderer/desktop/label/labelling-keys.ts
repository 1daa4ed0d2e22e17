/** What a key asks for while pictures are labelled. */
export type LabellingKey =
  | { readonly kind: 'class'; readonly index: number }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'undo' }
  | { readonly kind: 'next' }
  | { readonly kind: 'previous' };

/** So many classes have a digit. */
export const CLASSES_WITH_KEY = 9;

/** The parts of a key press that count. */
export type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'repeat' | 'isComposing'
>;

/** Keys whose sign an input method keeps to itself, by their place on the keyboard. */
const BY_PLACE = /^(?:Digit|Numpad)([1-9])$/;

/**
 * What a key press means; null for one that means nothing here. Full-width signs, as an input method makes them, count as
 * half-width ones. A digit that is held down counts once: nobody labels a hundred pictures by leaning on a key.
 */
export function labellingKey(press: KeyPress): LabellingKey | null {
  const key = press.key.normalize('NFKC').toLowerCase();
  const hasModifier = press.ctrlKey || press.metaKey;
  if (press.altKey || press.repeat) return null;
  if (hasModifier) return key === 'z' && !press.shiftKey ? { kind: 'undo' } : null;
  if (key === 'enter') return press.isComposing ? null : { kind: 'confirm' };
  if (key === 'z' || key === 'backspace') return { kind: 'undo' };
  if (key === 'arrowright' || key === 'arrowdown') return { kind: 'next' };
  if (key === 'arrowleft' || key === 'arrowup') return { kind: 'previous' };
  const digit = /^[1-9]$/.test(key) ? key : key === 'process' ? BY_PLACE.exec(press.code)?.[1] : undefined;
  return digit === undefined ? null : { kind: 'class', index: Number(digit) - 1 };
}

/** Whether a key belongs to what has the focus: text that is written, or a button that Enter presses. */
export function isKeyTaken(target: EventTarget | null, { key }: Pick<KeyboardEvent, 'key'>): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input[type="radio"]')) return key.startsWith('Arrow');
  if (target.matches('input[type="checkbox"]')) return false;
  if (target.isContentEditable || target.matches('input, textarea, select')) return true;
  return key === 'Enter' && target.matches('a, button, summary');
}
