import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { buildWindows } from '../tools/build-windows.ts';
import { launchChromium } from './chromium-browser.ts';

/** A Japanese PC on the shop floor, and the smallest window there is. */
const SMALL_PC: BrowserContextOptions = { locale: 'ja-JP', viewport: { width: 1024, height: 600 } };

/** Builds the pages and starts the browser that they are tested in. */
export async function startBrowser(): Promise<Browser> {
  await buildWindows();
  return launchChromium();
}

/**
 * A new page in a profile of its own: `page.context().close()` ends both.
 * @param complaints is emptied, and gets what the page writes as errors and what it throws
 */
export async function openPage(
  browser: Browser,
  complaints: string[],
  { deadlineMs, ...options }: { readonly deadlineMs: number } & BrowserContextOptions,
): Promise<Page> {
  const context = await browser.newContext({ ...SMALL_PC, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(deadlineMs);
  complaints.length = 0;
  listenForComplaints(page, complaints);
  return page;
}

/** Notes what a page writes as errors and what it throws. */
export function listenForComplaints(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
}
