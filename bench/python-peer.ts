import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A library in Python that trains as ordered. */
export interface PythonPeer {
  /** With its version. */
  readonly name: string;
  /** Gives an order and waits for the line that answers it. */
  readonly ask: (order: object) => Promise<string>;
  readonly close: () => Promise<void>;
}

/**
 * Starts a peer below normal priority, as the product's trainer is: on a PC that does other things, too, the two would
 * not be comparable otherwise.
 * @param interpreter a Python that has the peer's library
 * @param script beside this file
 * @throws Error when it ends before it has answered
 */
export async function startPeer(interpreter: string, script: string): Promise<PythonPeer> {
  const child = spawn(interpreter, [join(import.meta.dirname, script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child, 'spawn');
  os.setPriority(child.pid!, os.constants.priority.PRIORITY_BELOW_NORMAL);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${interpreter} ended: does it have the library of ${script}?`);
    return String(value);
  };
  const name = (await next()).replace('ready ', '');
  return {
    name,
    ask: (order) => {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return next();
    },
    close: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
