import './zod-without-eval.ts';
import '@mantine/core/styles.css';
import './window.css';
import './parts.css';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { setUpLanguages } from './i18n/set-up.ts';

/**
 * Loads the languages and shows a page in `#root`.
 * @param isReady what the page has to know before it is worth drawing
 */
export async function startPage(page: ReactNode, isReady: Promise<void> = Promise.resolve()): Promise<void> {
  const root = document.getElementById('root');
  if (root === null) throw new Error('The page has no #root element.');
  await Promise.all([setUpLanguages(), isReady]);
  createRoot(root).render(<StrictMode>{page}</StrictMode>);
}
