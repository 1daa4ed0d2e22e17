import type { Page } from 'playwright-core';

/** So long the browser has to say what it has painted, milliseconds. */
const ANSWER_MS = 2_000;

/**
 * When the sentence of the plant's state was painted for the first time, as the browser itself has noted it.
 * @param sentence part of it, such as the one that a plant in training has
 * @returns milliseconds since 1970; null where it was not
 */
export function statePaintedAt(page: Page, sentence: string): Promise<number | null> {
  return page.evaluate(
    async ({ wanted, answerMs }) => {
      const painted = new Promise<number | null>((resolve) => {
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & PaintedElement)[])
            if (entry.element?.textContent?.includes(wanted)) resolve(entry.renderTime);
        }).observe({ type: 'element', buffered: true });
        setTimeout(() => resolve(null), answerMs);
      });
      const atMs = await painted;
      return atMs === null ? null : performance.timeOrigin + atMs;
    },
    { wanted: sentence, answerMs: ANSWER_MS },
  );
}

interface PaintedElement {
  readonly element: Element | null;
  readonly renderTime: number;
}
