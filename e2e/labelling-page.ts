import type { Page } from 'playwright-core';

const DEADLINE_MS = 120_000;

/** Opens the screen on which pictures are labelled, as somebody who has said their name. */
export async function openLabelling(page: Page, labeller: string): Promise<void> {
  await page.evaluate((name) => {
    localStorage.setItem('genba.labeller', name);
    location.hash = '#/label';
  }, labeller);
}

/** Begins to note when each frame is drawn; what is returned ends it, with the times between two, milliseconds. */
export async function watchFrames(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const frames: number[] = [];
    let isOn = true;
    const next = (at: number) => {
      frames.push(at);
      if (isOn) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    (globalThis as { endFrames?: () => number[] }).endFrames = () => {
      isOn = false;
      return frames;
    };
  });
  return async () => {
    const at = await page.evaluate(() => (globalThis as { endFrames?: () => number[] }).endFrames?.() ?? []);
    return at.slice(1).map((time, index) => time - at[index]!);
  };
}

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
