import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AppError } from '@genba/shared/errors/app-error';

/** Longest that fetching a script may take, milliseconds. */
const FETCH_DEADLINE_MS = 10_000;

/** Largest script that is read, bytes. */
const MAX_SCRIPT_BYTES = 1024 * 1024;

/** What a script may spend on one answer: processor time, milliseconds, and memory, bytes. */
const RUN_LIMIT_MS = 500;
const MEMORY_BYTES = 32 * 1024 * 1024;

/** While it runs, the engine asks far more often than that whether it may go on; else it waits for a name, milliseconds. */
const WAIT_MS = 50;

/** How long a script is used before it is fetched again, milliseconds. */
const KEEP_MS = 10 * 60_000;

/**
 * A proxy script (PAC): a program from the network that says which proxy leads where. It runs in a JavaScript engine of
 * its own (WebAssembly), without files or network but look-ups of names, and not for ever.
 */
export class ProxyScript {
  readonly #url: string;
  #text: string | null = null;
  #fetchedAt = Number.NEGATIVE_INFINITY;

  /** @param url of the script: http, https or file */
  constructor(url: string) {
    this.#url = url;
  }

  get url(): string {
    return this.#url;
  }

  /**
   * What the script answers for a host, like `PROXY proxy.example:8080; DIRECT`.
   * @throws AppError `proxy/script-unreachable` when it was never fetched, `proxy/script-broken`
   */
  async ask({ host, port }: { readonly host: string; readonly port: number }): Promise<string> {
    const text = await this.#read();
    const name = host.includes(':') ? `[${host}]` : host;
    try {
      return String((await evaluate(text, `https://${name}:${port}/`, host)) ?? '');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AppError('proxy/script-broken', { detail: `${this.#url}: ${reason}`.slice(0, 300), cause });
    }
  }

  async #read(): Promise<string> {
    const isFresh = Date.now() - this.#fetchedAt < KEEP_MS;
    if (this.#text !== null && isFresh) return this.#text;
    try {
      this.#text = await fetchScript(this.#url);
      this.#fetchedAt = Date.now();
    } catch (cause) {
      // An old script is better than none.
      if (this.#text !== null) return this.#text;
      const { message } = cause as Error;
      throw new AppError('proxy/script-unreachable', { detail: `${this.#url}: ${message}`, cause });
    }
    return this.#text;
  }
}

async function fetchScript(url: string): Promise<string> {
  if (url.startsWith('file:')) return readFile(fileURLToPath(url), 'utf8');
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_DEADLINE_MS) });
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_SCRIPT_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function evaluate(text: string, url: string, host: string): Promise<unknown> {
  // Few plants have such a script, and the two take their time to load.
  const [{ createPacResolver }, { QuickJS }] = await Promise.all([
    import('pac-resolver'),
    import('quickjs-wasi'),
  ]);
  let askedAt = Date.now();
  let spentMs = 0;
  const isSpent = () => {
    const now = Date.now();
    if (now - askedAt < WAIT_MS) spentMs += now - askedAt;
    askedAt = now;
    return spentMs > RUN_LIMIT_MS;
  };
  using engine = await QuickJS.create({ memoryLimit: MEMORY_BYTES, interruptHandler: isSpent });
  // The library's own `alert` writes to our standard output.
  const find = createPacResolver(engine, text, { sandbox: { alert: () => undefined } });
  return await find(url, host);
}
