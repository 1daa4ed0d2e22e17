import { open } from 'node:fs/promises';
import { AppError } from '@genba/shared/errors/app-error';
import { findJsonSyntaxError } from './json-syntax.ts';
import { errorCodeOf } from './store/storage-error.ts';

/**
 * Reads a JSON file that an engineer wrote or exported, with a byte order mark or without.
 * @param how.mostBytes larger files are not read
 * @param how.hint what to do, for who gave a file that is not JSON
 * @throws AppError `task/invalid`; its detail says what is wrong with the file and does not name it: it is not there,
 *   cannot be read, is too large, or where it stops being JSON
 */
export async function readJsonFile(
  path: string,
  {
    mostBytes = Number.POSITIVE_INFINITY,
    hint,
  }: { readonly mostBytes?: number; readonly hint?: string } = {},
): Promise<unknown> {
  const text = await readText(path, mostBytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const position = findJsonSyntaxError(text);
    const place = position === null ? '' : ` at line ${position.line}, column ${position.column}`;
    throw invalid(`not JSON${place}${hint === undefined ? '' : `; ${hint}`}`, cause);
  }
}

async function readText(path: string, mostBytes: number): Promise<string> {
  try {
    const file = await open(path);
    try {
      if ((await file.stat()).size > mostBytes) throw invalid(`more than ${mostBytes} bytes`);
      return (await file.readFile('utf8')).replace(/^\uFEFF/, '');
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    const code = errorCodeOf(thrown);
    throw invalid(code === 'ENOENT' ? 'no such file' : `cannot be read: ${code ?? String(thrown)}`, thrown);
  }
}

function invalid(detail: string, cause?: unknown): AppError {
  return new AppError('task/invalid', { detail, cause });
}
