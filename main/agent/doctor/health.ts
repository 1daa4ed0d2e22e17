import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { HEALTH_PATH, type Health, healthSchema } from '@genba/shared/protocol/status';
import { inTime } from './in-time.ts';

/** Longest answer that is read, bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * Asks over an open connection whether a Genba aggregator is there.
 * @returns null where something else answers, or nothing
 */
export async function askHealth(
  socket: Socket,
  { host, deadlineMs }: { readonly host: string; readonly deadlineMs: number },
): Promise<Health | null> {
  try {
    const body = await inTime<string>(deadlineMs, (resolve, reject) => {
      const options = { path: HEALTH_PATH, headers: { host }, createConnection: () => socket };
      request(options, (response) => read(response).then(resolve, reject))
        .on('error', reject)
        .end();
    });
    return healthSchema.parse(JSON.parse(body));
  } catch {
    return null;
  }
}

async function read(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    sizeBytes += piece.byteLength;
    if (sizeBytes > MAX_BODY_BYTES) throw new Error('too much for a health answer');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
