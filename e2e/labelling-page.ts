import type { Page } from 'playwright-core';

const DEADLINE_MS = 120_000;

/** Opens the screen on which pictures are labelled, as somebody who has said their name. */
export async function openLabelling(page: Page, labeller: string): Promise<void> {
  await page.evaluate((name) => {
    localStorage.setItem('genba.labeller', name);
    location.hash = '#/label';
  }, labeller);
}

/** What the page saw of its own frames. */
export interface SeenFrames {
  /** Times between two frames, milliseconds. */
  readonly betweenMs: readonly number[];
  /** Of each frame that took the page longer than 50 ms: how long, and how much of that its scripts. */
  readonly longOfPage: readonly { readonly frameMs: number; readonly scriptMs: number }[];
}

/** Begins to note when each frame is drawn; what is returned ends it. */
export async function watchFrames(page: Page): Promise<() => Promise<SeenFrames>> {
  await page.evaluate(() => {
    const at: number[] = [];
    const longOfPage: { frameMs: number; scriptMs: number }[] = [];
    let isOn = true;
    const next = (time: number) => {
      at.push(time);
      if (isOn) requestAnimationFrame(next);
    };
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        scripts: readonly PerformanceEntry[];
      })[]) {
        const scriptMs = entry.scripts.reduce((sum, { duration }) => sum + duration, 0);
        longOfPage.push({ frameMs: entry.duration, scriptMs });
      }
    });
    observer.observe({ type: 'long-animation-frame' });
    requestAnimationFrame(next);
    (globalThis as EndsFrames).endFrames = () => {
      isOn = false;
      observer.disconnect();
      return { betweenMs: at.slice(1).map((time, index) => time - at[index]!), longOfPage };
    };
  });
  return () => page.evaluate(() => (globalThis as EndsFrames).endFrames!());
}

type EndsFrames = { endFrames?: () => SeenFrames };

/** Waits until another picture than the one before stands there. @returns its address */
export async function nextPicture(page: Page, before: string): Promise<string> {
  const shown = await page.waitForFunction(
    (last) => {
      const image = document.querySelector<HTMLImageElement>('.desk__picture img:not([hidden])');
      return image?.complete && image.naturalWidth > 0 && image.src !== last ? image.src : null;
    },
    before,
    { timeout: DEADLINE_MS },
  );
  return (await shown.jsonValue())!;
}
