import { parentPort } from 'node:worker_threads';
import { failureOf, type ThreadAnswer, type ThreadCall, type ThreadEvent } from './thread-messages.ts';

type Method = (...parameters: unknown[]) => unknown;

/** Answers the calls of a `CalledThread`, one after the other, in the order they come. */
export function answerCalls(services: Readonly<Record<string, object>>): void {
  let tail = Promise.resolve();
  parentPort?.on('message', (call: ThreadCall) => {
    tail = tail.then(async () => say(await answer(services, call)));
  });
}

/** Tells the other side something unasked. */
export function announce(event: string): void {
  say({ event });
}

/** The names of an object's methods, its own and those of its classes. */
export function methodNames(service: object): string[] {
  const names = new Set<string>();
  for (let level = service; level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name !== 'constructor' && typeof value === 'function') names.add(name);
    }
  }
  return [...names];
}

async function answer(
  services: Readonly<Record<string, object>>,
  { id, service, method, parameters }: ThreadCall,
): Promise<ThreadAnswer> {
  try {
    const target = services[service] as Record<string, Method>;
    return { id, result: await target[method]!(...parameters) };
  } catch (thrown) {
    return { id, failure: failureOf(thrown) };
  }
}

function say(message: ThreadAnswer | ThreadEvent): void {
  parentPort?.postMessage(message);
}
