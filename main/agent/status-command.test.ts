import type { AgentStatus } from '@genba/shared/local-api/messages';
import { DEFAULT_SCHEDULE } from '@genba/shared/local-api/schedule';
import { Command } from 'commander';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './dataset/temporary-folder.ts';
import { addStatusCommand, driftSentences, statusSentences } from './status-command.ts';

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const status = {
  plantName: '豊橋',
  standstill: null,
  schedule: DEFAULT_SCHEDULE,
  problem: null,
  round: { number: 7 },
  network: { state: 'online', until: null, proxy: null },
  queue: { roundsWaiting: 0 },
} as unknown as AgentStatus;

describe('genba-agent status', () => {
  it('says in what newer data are unlike those before', () => {
    process.env.TZ = 'Asia/Tokyo';
    const finding = { kind: 'column', column: 'torque', change: 'higher', distance: 0.4 } as const;
    const drift = { since: '2026-11-24T00:00:00Z', before: 500, now: 60, findings: [finding] };
    expect(driftSentences({ drift: null })).toEqual([]);
    expect(driftSentences({ drift })).toEqual([
      'Since Tue 09:00 the new data are unlike those before: “torque” runs higher than before. Check the sensor and its unit, and whether machine, tool or material were changed.',
      '火曜 09:00以降の新しいデータが、これまでと違っています。「torque」が以前より高くなっています。センサーと単位を確認し、設備・工具・材料に変更がなかったか確認してください。',
    ]);
  });

  it('says what is being trained', () => {
    expect(statusSentences(status)).toEqual([
      '豊橋: Training round 7; connected, 0 rounds waiting to be sent.',
      '豊橋：7回目を学習中です。接続済み、送信待ち0回分。',
    ]);
  });

  it('says why nothing is, until when by this PC’s clock, and what is wrong', () => {
    process.env.TZ = 'Asia/Tokyo';
    const waiting: AgentStatus = {
      ...status,
      standstill: { reason: 'outside-plan', until: '2026-11-26T13:00:00.000Z' },
      network: { ...status.network, state: 'offline' },
      queue: { ...status.queue, roundsWaiting: 3 },
      problem: { code: 'dataset/not-found', detail: null },
    };
    expect(statusSentences(waiting)).toEqual([
      '豊橋: Not training: outside the training hours, until Thu 22:00; offline, 3 rounds waiting to be sent. [dataset/not-found]',
      '豊橋：学習時間外のため待機中です（木曜 22:00まで）。オフライン、送信待ち3回分。 [dataset/not-found]',
    ]);
  });

  it('says from when on results are sent', () => {
    process.env.TZ = 'Asia/Tokyo';
    const until = '2026-11-26T13:00:00.000Z';
    const waiting: AgentStatus = {
      ...status,
      network: { ...status.network, state: 'outside-plan', until },
      queue: { ...status.queue, roundsWaiting: 3 },
    };
    expect(statusSentences(waiting)).toEqual([
      '豊橋: Training round 7; sends from Thu 22:00, 3 rounds waiting to be sent.',
      '豊橋：7回目を学習中です。送信は木曜 22:00からです、送信待ち3回分。',
    ]);
  });

  it('names the proxy', () => {
    const network = { ...status.network, proxy: 'http://proxy.example:8080' };
    expect(statusSentences({ ...status, network })).toEqual([
      '豊橋: Training round 7; connected (proxy http://proxy.example:8080), 0 rounds waiting to be sent.',
      '豊橋：7回目を学習中です。接続済み（プロキシ：http://proxy.example:8080）、送信待ち0回分。',
    ]);
  });

  it('says that no agent runs, for people and for programs', async () => {
    const { root } = temporaryFolder();
    const printed: string[] = [];
    const run = async (...args: string[]) => {
      const program = new Command();
      addStatusCommand(program, { defaultDataFolder: root, print: (text) => printed.push(text) });
      await program.parseAsync(['status', ...args], { from: 'user' });
    };
    await run();
    await run('--json');
    expect(printed).toEqual(['The agent is not running.', 'エージェントは動いていません。', 'null']);
  });
});
