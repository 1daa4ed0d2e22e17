/** What a key asks for while pictures are labelled. */
export type LabellingKey =
  | { readonly kind: 'class'; readonly index: number }
  | { readonly kind: 'find' }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'undo' }
  | { readonly kind: 'next' }
  | { readonly kind: 'previous' };

/** So many classes have a digit, as on any numeric pad. */
export const CLASSES_WITH_DIGIT = 9;

/** The key of each class, by its place: digits, then letters. Z takes back. */
const CLASS_KEYS = [...'123456789abcdefghijklmnopqrstuvwxy'];

/** The parts of a key press that count. */
export type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'repeat' | 'isComposing'
>;

/** Keys whose sign an input method keeps to itself, by their place on the keyboard. */
const BY_PLACE = /^(?:(?:Digit|Numpad)([1-9])|Key([A-Z]))$/;

/** The key that names a class, as it stands on the keyboard; null for one that is found by its name only. */
export function keyOfClass(index: number): string | null {
  return CLASS_KEYS[index]?.toUpperCase() ?? null;
}

/**
 * What a key press means; null for one that means nothing here. Full-width signs, as an input method makes them, count as
 * half-width ones. A key that is held down counts once: nobody labels a hundred pictures by leaning on it.
 */
export function labellingKey(press: KeyPress): LabellingKey | null {
  const key = signOf(press);
  if (press.altKey || press.repeat) return null;
  if (press.ctrlKey || press.metaKey) return key === 'z' && !press.shiftKey ? { kind: 'undo' } : null;
  if (key === 'enter') return press.isComposing ? null : { kind: 'confirm' };
  if (key === 'z' || key === 'backspace') return { kind: 'undo' };
  if (key === 'arrowright' || key === 'arrowdown') return { kind: 'next' };
  if (key === 'arrowleft' || key === 'arrowup') return { kind: 'previous' };
  if (key === '/') return { kind: 'find' };
  const index = CLASS_KEYS.indexOf(key);
  return index < 0 ? null : { kind: 'class', index };
}

function signOf({ key, code }: KeyPress): string {
  const sign = key.normalize('NFKC').toLowerCase();
  if (sign !== 'process') return sign;
  const [, digit, letter] = BY_PLACE.exec(code) ?? [];
  return digit ?? letter?.toLowerCase() ?? sign;
}

/** Whether a key belongs to what has the focus: text that is written, or a button that Enter presses. */
export function isKeyTaken(target: EventTarget | null, { key }: Pick<KeyboardEvent, 'key'>): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input[type="radio"]')) return key.startsWith('Arrow');
  if (target.matches('input[type="checkbox"]')) return false;
  if (target.isContentEditable || target.matches('input, textarea, select')) return true;
  return key === 'Enter' && target.matches('a, button, summary');
}
