import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  LOCAL_API_ENDPOINT_FILE,
  type LocalApiEndpoint,
  localApiEndpointSchema,
} from '@genba/shared/local-api/messages';

/** A loopback port answers at once or not at all. */
const ANSWER_DEADLINE_MS = 1_000;
const LOOPBACK_ADDRESS = /^http:\/\/127\.0\.0\.1:[0-9]{1,5}$/;

/**
 * The agent that runs on this data folder right now; null when there is none. The file alone proves nothing: an
 * agent that lost power leaves it behind, so its process must live and its port answer.
 */
export async function findAgent(dataFolder: string): Promise<LocalApiEndpoint | null> {
  const endpoint = await readEndpoint(dataFolder);
  if (endpoint === null || !isProcessAlive(endpoint.pid)) return null;
  return (await isAnswering(endpoint.address)) ? endpoint : null;
}

/** What the agent's endpoint file says; null when there is none, it is half written, or it points elsewhere. */
export async function readEndpoint(dataFolder: string): Promise<LocalApiEndpoint | null> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(join(dataFolder, LOCAL_API_ENDPOINT_FILE), 'utf8'));
  } catch {
    return null;
  }
  const parsed = localApiEndpointSchema.safeParse(content);
  // The token must never be sent to another computer, whatever the file says.
  return parsed.success && LOOPBACK_ADDRESS.test(parsed.data.address) ? parsed.data : null;
}

/** Whether a process lives, whoever's it is. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A service runs under another account: it lives, but is not ours to signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isAnswering(address: string): Promise<boolean> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: ANSWER_DEADLINE_MS });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
