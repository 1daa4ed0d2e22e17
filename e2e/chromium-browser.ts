import { type Browser, chromium, type LaunchOptions } from 'playwright-core';
import { chromiumPath } from '../tools/requirements.ts';

/** Root, as which some CI containers run, gets no sandbox from Chromium. */
const AS_ROOT = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** Starts Chromium, headless unless the options say otherwise. @param options.args beside those it always gets */
export function launchChromium({ args = [], ...options }: LaunchOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath() ?? '',
    ...options,
    args: [...AS_ROOT, '--disable-gpu', '--no-first-run', ...args],
  });
}
