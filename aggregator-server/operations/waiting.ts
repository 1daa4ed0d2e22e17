import type { CommandHost } from './command-host.ts';

/** Time between two lines that say that the server has not answered yet, milliseconds. */
const WAITING_EVERY_MS = 5000;

/** Says once in a while that the server has not answered yet; Ctrl+C withdraws the request. */
export function waitingFor({ tell, interruptible }: CommandHost): {
  onWait: () => void;
  signal: AbortSignal;
} {
  let toldAt = performance.now();
  const onWait = () => {
    if (performance.now() - toldAt < WAITING_EVERY_MS) return;
    toldAt = performance.now();
    tell(
      'Waiting for the server, which finishes the updates in its queue first. Ctrl+C withdraws the request.',
    );
  };
  return { onWait, signal: interruptible() };
}
