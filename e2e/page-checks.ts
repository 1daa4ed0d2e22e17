import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const DOCS = fileURLToPath(new URL('../docs/screenshots', import.meta.url));

/** Fails with what is wrong and where, when the page breaks an accessibility rule that a tool can see. */
export async function expectAccessible(page: Page): Promise<void> {
  // Legacy mode: the usual one opens a second page, which the desktop shell rightly does not allow.
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).setLegacyMode(true).analyze();
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  expect(found).toEqual([]);
}

/** Fails when a part of the page can only be reached by scrolling sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const { content, view } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    view: document.documentElement.clientWidth,
  }));
  expect(content).toBeLessThanOrEqual(view);
}

/** Switches the page's language by its visible switch. */
export async function switchLanguage(page: Page, language: 'ja' | 'en'): Promise<void> {
  // The settings have a second one.
  await page
    .getByText(language === 'ja' ? '日本語' : 'English', { exact: true })
    .first()
    .click();
  await page.waitForFunction((wanted) => document.documentElement.lang === wanted, language);
}

/** Where pictures go that nobody keeps: test runs leave the checkout as it is. */
export const PICTURES = join(tmpdir(), 'genba-screenshots');

/**
 * Takes a picture of a page with a curve: into `docs/screenshots` when GENBA_SCREENSHOTS=1 and it is one of
 * those, else beside the passing ones.
 */
export async function takePicture(page: Page, name: string, use: 'docs' | 'look' = 'docs'): Promise<void> {
  const isKept = use === 'docs' && process.env.GENBA_SCREENSHOTS === '1';
  const folder = isKept ? DOCS : PICTURES;
  await mkdir(folder, { recursive: true });
  // The curve is drawn a moment after its code has arrived.
  await page.locator('.recharts-line-curve').first().waitFor({ state: 'attached' });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
}

/**
 * Fails when a screen cannot be used by everybody, in both languages, on the smallest PC and on the largest, and at
 * twice the text size. The page is in its smallest window before, and at twice the size after it.
 * @param look takes a picture of the page for people
 */
export async function expectUsableAnywhere(
  page: Page,
  name: string,
  look: (name: string) => Promise<unknown>,
): Promise<void> {
  for (const language of ['en', 'ja'] as const) {
    await switchLanguage(page, language);
    await expectAccessible(page);
    await look(`${name}-1024x600-${language}`);
    await page.setViewportSize({ width: 3840, height: 2160 });
    await expectNoSidewaysScroll(page);
    await look(`${name}-3840x2160-${language}`);
    await page.setViewportSize({ width: 1024, height: 600 });
  }
  await page.evaluate(() => {
    document.documentElement.style.fontSize = '200%';
    // As the window tells it when a person zooms: drawings in pixels grow, too.
    window.dispatchEvent(new Event('resize'));
  });
  await expectNoSidewaysScroll(page);
  await look(`${name}-200-percent`);
}
