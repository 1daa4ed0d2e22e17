import type { AgentStatus } from '@genba/shared/local-api/messages';
import { describe, expect, it } from 'vitest';
import type { AgentSight } from './agent-watcher.ts';
import { type TrayActions, trayMenu, trayMood, traySentence } from './tray-menu.ts';
import { shellWords } from './words.ts';

const en = shellWords('en');
const ja = shellWords('ja');

function plant(
  phase: AgentStatus['phase'],
  network: 'online' | 'offline',
  roundsWaiting: number,
): AgentSight {
  return { status: { phase, network: { state: network }, queue: { roundsWaiting } } as AgentStatus };
}

describe('traySentence', () => {
  it('says what the agent does, and what waits', () => {
    expect(traySentence(plant('training', 'online', 0), en)).toBe('Training');
    expect(traySentence(plant('training', 'offline', 4), ja)).toBe(
      '学習中 · オフライン · 送信待ちの学習結果：4回分',
    );
    expect(traySentence({ state: 'absent' }, en)).toBe('Not running');
  });
});

describe('trayMood', () => {
  it.each<[AgentSight, string]>([
    [plant('training', 'offline', 4), 'working'],
    [plant('paused', 'online', 0), 'resting'],
    [plant('failed', 'online', 0), 'attention'],
    [{ state: 'starting' }, 'resting'],
    [{ state: 'absent' }, 'attention'],
  ])('%j', (sight, mood) => {
    expect(trayMood(sight)).toBe(mood);
  });
});

describe('trayMenu', () => {
  function menu(sight: AgentSight, isLoginStart = true) {
    const done: string[] = [];
    const note = (name: string) => (value?: unknown) =>
      void done.push(value === undefined ? name : `${name} ${value}`);
    const actions: TrayActions = {
      open: note('open'),
      pause: note('pause'),
      resume: note('resume'),
      quit: note('quit'),
      stop: note('stop'),
      setLoginStart: note('login'),
    };
    const items = trayMenu(sight, en, isLoginStart, actions).filter(({ label }) => label !== undefined);
    const choose = (label: string) => {
      const item = items.find((candidate) => candidate.label === label)!;
      (item.click as () => void)();
      return done;
    };
    return { items, choose };
  }

  it('pauses an agent that works, and resumes one that is paused', () => {
    expect(menu(plant('training', 'online', 0)).choose(en.pause)).toEqual(['pause']);
    const paused = menu(plant('paused', 'online', 0));
    expect(paused.items.map(({ label }) => label)).not.toContain(en.pause);
    expect(paused.choose(en.resume)).toEqual(['resume']);
  });

  it('offers nothing that needs an agent where there is none', () => {
    const { items } = menu({ state: 'absent' });
    const isOn = Object.fromEntries(items.map(({ label, enabled }) => [label, enabled !== false]));
    expect(isOn).toMatchObject({ [en.open]: true, [en.pause]: false, [en.quit]: true, [en.stop]: false });
  });

  it('turns the start with the PC on and off', () => {
    expect(menu({ state: 'absent' }, true).choose(en.loginStart)).toEqual(['login false']);
    expect(menu({ state: 'absent' }, false).choose(en.loginStart)).toEqual(['login true']);
  });
});
