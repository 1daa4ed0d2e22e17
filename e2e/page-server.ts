import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGES = fileURLToPath(new URL('../renderer/dist', import.meta.url));
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** Answers a request, or says false to let the built pages answer. */
type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A server on a free loopback port that serves the built pages, `/` being the named one. */
export async function servePages(page: 'desktop' | 'demo', answer: Answer): Promise<Server> {
  const server = createServer(async (request, response) => {
    if (answer(request, response)) return;
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const path = pathname === '/' ? `/${page}/index.html` : pathname;
    const content = await readFile(join(PAGES, path)).catch(() => null);
    response.writeHead(content === null ? 404 : 200, {
      'content-type': CONTENT_TYPES[extname(path)] ?? 'text/plain',
    });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** `http://127.0.0.1:PORT` of a listening server. */
export function addressOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server does not listen on a port.');
  return `http://127.0.0.1:${bound.port}`;
}
