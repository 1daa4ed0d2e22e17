import { open, rename, rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { DoctorReport } from '@genba/shared/local-api/doctor';
import type { AgentStatus, LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { TextReader, ZipWriter } from '@zip.js/zip.js';
import { redact } from './redact.ts';
import { statusExtract } from './status-extract.ts';

/** Newest part of each log that goes in, bytes. */
const LOG_TAIL_BYTES = 5 * 1024 * 1024;
/** The agent may hang: that is what the bundle is often for. */
const ANSWER_DEADLINE_MS = 20_000;

type Part = readonly [name: string, text: string];

export interface LogBundleContext {
  readonly dataFolder: string;
  /** The logs, by their names in it or by their paths. */
  readonly logFiles: readonly string[];
  /** Versions and figures of this PC. */
  readonly surroundings: Readonly<Record<string, string | number>>;
  readonly find: () => Promise<LocalApiEndpoint | null>;
  readonly status: (endpoint: LocalApiEndpoint) => Promise<AgentStatus>;
  readonly examine: (endpoint: LocalApiEndpoint) => Promise<DoctorReport>;
  readonly now: () => Date;
}

/** `genba-logs 2026-11-26 0930.zip`, by this PC's clock. */
export function logBundleName(at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `genba-logs ${day} ${two(at.getHours())}${two(at.getMinutes())}.zip`;
}

/**
 * Writes what IT needs to help into a zip file: the ends of the logs, an extract of the status, the connection doctor's
 * report, versions. Each part is chosen by name and cleaned of secrets; nothing of the data folder goes in but logs.
 * @throws AppError `operation/target-not-writable`
 */
export async function writeLogBundle(target: string, context: LogBundleContext): Promise<void> {
  const endpoint = await context.find();
  const parts: readonly Part[] = [
    ['about.json', json({ ...context.surroundings, writtenAt: context.now().toISOString() })],
    ['status.json', await answer(endpoint, async (found) => statusExtract(await context.status(found)))],
    ['connection.json', await answer(endpoint, context.examine)],
    ...(await Promise.all(
      context.logFiles.map(
        async (log): Promise<Part> => [basename(log), await tail(resolve(context.dataFolder, log))],
      ),
    )),
  ];
  const secrets = endpoint === null ? [] : [endpoint.token];
  const unfinished = `${target}.part`;
  try {
    await writeZip(
      unfinished,
      parts.map(([name, text]): Part => [name, redact(text, secrets)]),
      context.now(),
    );
    await rename(unfinished, target);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw new AppError('operation/target-not-writable', {
      detail: (cause as NodeJS.ErrnoException).code,
      cause,
    });
  }
}

async function writeZip(path: string, parts: readonly Part[], lastModDate: Date): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    const target = new WritableStream<Uint8Array>({ write: (piece) => file.writeFile(piece) });
    const archive = new ZipWriter(target, { useWebWorkers: false, lastModDate });
    for (const [name, text] of parts) await archive.add(name, new TextReader(text));
    await archive.close();
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What a running agent answers, or why it does not: that too is something to know. */
async function answer(
  endpoint: LocalApiEndpoint | null,
  ask: (endpoint: LocalApiEndpoint) => Promise<object>,
): Promise<string> {
  if (endpoint === null) return json({ missing: 'no agent runs' });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<object>((resolve) => {
    timer = setTimeout(() => resolve({ missing: 'no answer in time' }), ANSWER_DEADLINE_MS);
  });
  try {
    return json(
      await Promise.race([ask(endpoint).catch((error) => ({ missing: toAppError(error).code })), late]),
    );
  } finally {
    clearTimeout(timer);
  }
}

/** The end of a log, from a whole line on; a sentence where there is none. */
async function tail(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const length = Math.min(size, LOG_TAIL_BYTES);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      const text = buffer.toString('utf8');
      return length < size ? text.slice(text.indexOf('\n') + 1) : text;
    } finally {
      await file.close();
    }
  } catch (error) {
    return `No log: ${(error as NodeJS.ErrnoException).code}\n`;
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
