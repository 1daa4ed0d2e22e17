import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import { createInstance } from 'i18next';
import { beforeAll, describe, expect, it } from 'vitest';
import { en } from '../ui/i18n/en.ts';
import { ja } from '../ui/i18n/ja.ts';
import type { Contact } from './agent-view.ts';
import { plantStatus } from './plant-status.fixture.ts';
import { describeState } from './state-sentence.ts';

const i18n = createInstance();
beforeAll(() =>
  i18n.init({
    resources: { en: { window: en }, ja: { window: ja } },
    defaultNS: 'window',
    lng: 'en',
    keySeparator: false,
    nsSeparator: false,
  }),
);

type Network = AgentStatus['network']['state'];
const at = '2026-11-20T09:00:00.000Z';

function describePlant(
  language: 'en' | 'ja',
  change: Partial<AgentStatus>,
  network: Network = 'online',
  roundsWaiting = 0,
) {
  const base = plantStatus();
  const status = {
    ...base,
    network: { ...base.network, state: network },
    queue: { ...base.queue, roundsWaiting },
    ...change,
  };
  return describeWith(language, { kind: 'connected' }, status);
}

function describeWith(language: 'en' | 'ja', contact: Contact, status: AgentStatus | null) {
  const t = i18n.getFixedT(language, 'window');
  return describeState(
    { contact, status, heardAt: at, pictures: null },
    t,
    (code) => ERROR_CATALOGUE[code][language],
  );
}

describe('describeState', () => {
  it('says how many rounds wait when offline', () => {
    expect(describePlant('en', {}, 'offline', 4)).toEqual({
      tone: 'offline',
      headline: 'Working offline',
      next: '4 rounds waiting; they will be sent when the network is back.',
    });
    expect(describePlant('ja', {}, 'offline', 4)).toEqual({
      tone: 'offline',
      headline: 'オフラインで作業中です',
      next: '学習結果4回分を保管しています。ネットワークが戻ったら自動で送信します。',
    });
  });

  it('keeps what waits outside of the hours for sending, and is well', () => {
    expect(describePlant('en', {}, 'outside-plan', 1)).toEqual({
      tone: 'good',
      headline: 'Training',
      next: '1 round waiting; it is sent in the hours for sending.',
    });
    expect(describePlant('ja', {}, 'outside-plan', 4)).toEqual({
      tone: 'good',
      headline: '学習中です',
      next: '学習結果4回分を保管しています。送信時間になったら自動で送信します。',
    });
    expect(describePlant('ja', {}, 'outside-plan').next).toMatch(/^学習結果はこのパソコンに保管し/);
  });

  it.each(['identity/revoked', 'tls/untrusted'] as const)(
    'does not promise that a network which comes back helps against %s',
    (code) => {
      const problem = { code, detail: null };
      expect(describePlant('en', { problem }, 'offline', 4)).toEqual({
        tone: 'attention',
        headline: 'Working offline',
        next: '4 rounds waiting; they will be sent once the problem below is solved.',
      });
      expect(describePlant('ja', { problem }, 'offline')).toMatchObject({
        next: '学習結果はこのパソコンに保管し、下の問題が解決したら自動で送信します。',
      });
    },
  );

  it('promises it in spite of another problem', () => {
    const problem = { code: 'clock/wrong', detail: null } as const;
    expect(describePlant('en', { problem }, 'offline', 4).tone).toBe('offline');
  });

  it('uses the singular for one round, and no number for none', () => {
    expect(describePlant('en', {}, 'offline', 1).next).toBe(
      '1 round waiting; it will be sent when the network is back.',
    );
    expect(describePlant('en', {}, 'offline', 0).next).not.toMatch(/\d/);
  });

  it('is offline while idle as well: what matters is where the results are', () => {
    expect(describePlant('en', { phase: 'idle' }, 'offline', 2).headline).toBe('Working offline');
  });

  describe('with a limit of rounds', () => {
    const idle = (roundsDone: number, roundLimit: number | null): Partial<AgentStatus> => ({
      phase: 'idle',
      roundLimit,
      queue: { ...plantStatus().queue, roundsDone },
    });

    it('says that all planned rounds are done, whatever the network', () => {
      for (const network of ['online', 'connecting', 'offline'] as const) {
        expect(describePlant('en', idle(50, 50), network).headline).toBe('All 50 planned rounds are done.');
        expect(describePlant('ja', idle(50, 50), network).headline).toBe('予定の50回の学習が終わりました。');
      }
      // The limit was lowered afterwards.
      expect(describePlant('en', idle(9, 1)).headline).toBe('The planned round is done.');
    });

    it('says that the last result waits for a check, in plain words, while training goes on', () => {
      const held = { reason: 'norm', since: '2026-11-20T09:00:00.000Z' } as const;
      const change = { phase: 'training', held } as const;
      expect(describePlant('en', change, 'online')).toMatchObject({ tone: 'waiting', headline: 'Training' });
      expect(describePlant('en', change, 'online').next).toContain('waits for a check by the operator');
      expect(describePlant('ja', change, 'online').next).toContain('管理者の確認待ち');
      // Without a connection that is what matters.
      expect(describePlant('en', change, 'offline').next).not.toContain('check');
    });

    it('points to the problem where this PC’s program is too old for the task', () => {
      const problem = { code: 'task/app-too-old', detail: null } as const;
      const shown = describePlant('en', { phase: 'training', problem }, 'offline');
      expect(shown).toMatchObject({ tone: 'attention' });
      expect(shown.next).toContain('once the problem below is solved');
    });

    it('is only standing by between two rounds', () => {
      expect(describePlant('en', idle(49, 50)).headline).toBe('Standing by');
      expect(describePlant('ja', idle(50, null)).headline).toBe('待機中です');
      expect(describePlant('en', { ...idle(50, 50), phase: 'training' }).headline).toBe('Training');
    });
  });

  it.each<[Partial<AgentStatus>, Network, string]>([
    [{ phase: 'starting' }, 'connecting', 'waiting'],
    [{ phase: 'unconfigured' }, 'offline', 'attention'],
    [{ phase: 'awaiting-weights' }, 'offline', 'waiting'],
    [{ phase: 'training' }, 'online', 'good'],
    [{ phase: 'idle' }, 'connecting', 'waiting'],
    [{ phase: 'paused' }, 'offline', 'paused'],
    [{ phase: 'awaiting-weights' }, 'outside-plan', 'waiting'],
  ])('gives %j while %s the look "%s"', (change, network, tone) => {
    expect(describePlant('ja', change, network).tone).toBe(tone);
  });

  it('gives the catalogue’s sentence for a failure, in the language', () => {
    const change = { phase: 'failed', problem: { code: 'dataset/damaged', detail: null } } as const;
    for (const language of ['en', 'ja'] as const) {
      expect(describePlant(language, change)).toMatchObject({
        tone: 'stopped',
        next: ERROR_CATALOGUE['dataset/damaged'][language],
      });
    }
  });

  it('speaks of the contact before the state when there is none', () => {
    const lost = describeWith('en', { kind: 'unreachable', problem: null }, plantStatus());
    expect(lost).toMatchObject({ tone: 'stopped', headline: 'No contact with the agent' });
    const unwritable = { kind: 'unreachable', problem: 'startup/data-not-writable' } as const;
    expect(describeWith('en', unwritable, null).next).toBe(ERROR_CATALOGUE['startup/data-not-writable'].en);
    expect(describeWith('ja', { kind: 'refused' }, null).next).toBe(ERROR_CATALOGUE['local/unauthorised'].ja);
    expect(describeWith('ja', { kind: 'opening' }, null).tone).toBe('waiting');
  });

  it.each([
    ['outside-plan', 'Outside the training hours', '学習時間外です'],
    ['on-battery', 'Waiting for mains power', '電源の接続を待っています'],
    ['pc-in-use', 'Leaving the PC to its users', 'パソコンの使用が終わるのを待っています'],
    ['resting', 'Standing by', '待機中です'],
  ] as const)('says that it waits: %s', (reason, english, japanese) => {
    const change = { phase: 'idle', standstill: { reason, until: null } } as const;
    expect(describePlant('en', change).headline).toBe(english);
    expect(describePlant('ja', change).headline).toBe(japanese);
  });
});
