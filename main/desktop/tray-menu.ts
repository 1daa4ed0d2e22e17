import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { MenuItemConstructorOptions } from 'electron';
import type { AgentSight } from './agent-watcher.ts';
import type { ShellWords } from './words.ts';

/** Which of its icons the tray shows. */
export type TrayMood = 'working' | 'resting' | 'attention';

/** What a person can do from the tray. */
export interface TrayActions {
  readonly open: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly quit: () => void;
  readonly stop: () => void;
  readonly setLoginStart: (isWanted: boolean) => void;
}

const PHASE_WORDS = {
  starting: 'starting',
  unconfigured: 'unconfigured',
  'awaiting-weights': 'waiting',
  training: 'training',
  idle: 'waiting',
  paused: 'paused',
  failed: 'failed',
} as const satisfies Record<AgentStatus['phase'], keyof ShellWords>;

/** The state in a few words, for the tray's tooltip and the head of its menu. */
export function traySentence(sight: AgentSight, words: ShellWords): string {
  if ('state' in sight) return words[sight.state];
  const { phase, network, queue } = sight.status;
  const parts = [words[PHASE_WORDS[phase]]];
  if (network.state === 'offline') parts.push(words.offline);
  if (queue.roundsWaiting > 0)
    parts.push(words.roundsWaiting.replace('{count}', String(queue.roundsWaiting)));
  return parts.join(' · ');
}

/** Which icon belongs to it. */
export function trayMood(sight: AgentSight): TrayMood {
  if ('state' in sight) return sight.state === 'starting' ? 'resting' : 'attention';
  const { phase } = sight.status;
  if (phase === 'failed') return 'attention';
  return phase === 'training' ? 'working' : 'resting';
}

/** The tray's menu for what is known of the agent. */
export function trayMenu(
  sight: AgentSight,
  words: ShellWords,
  isLoginStart: boolean,
  actions: TrayActions,
): MenuItemConstructorOptions[] {
  const phase = 'status' in sight ? sight.status.phase : null;
  return [
    { label: traySentence(sight, words), enabled: false },
    { type: 'separator' },
    { label: words.open, click: actions.open },
    phase === 'paused'
      ? { label: words.resume, click: actions.resume }
      : { label: words.pause, enabled: phase !== null, click: actions.pause },
    { type: 'separator' },
    {
      label: words.loginStart,
      type: 'checkbox',
      checked: isLoginStart,
      click: () => actions.setLoginStart(!isLoginStart),
    },
    { label: words.quit, click: actions.quit },
    { label: words.stop, enabled: phase !== null, click: actions.stop },
  ];
}
