import path from 'node:path';
import type { Language } from '@genba/shared/errors/catalogue';
import { driftChecks, driftSentence } from '@genba/shared/local-api/drift-sentences';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { NetworkState, NetworkStatus } from '@genba/shared/local-api/network';
import type { StandstillReason } from '@genba/shared/local-api/schedule';
import type { Command } from 'commander';
import { readAgentStatus } from './local-api/ask-agent.ts';
import { findAgent } from './local-api/find-agent.ts';

/** A sentence for people, in both languages. */
type Sentence = readonly [en: string, ja: string];

interface StatusHost {
  readonly defaultDataFolder: string;
  /** Shows one line on standard output. */
  readonly print: (text: string) => void;
}

const NOT_RUNNING: Sentence = ['The agent is not running.', 'エージェントは動いていません。'];

const REASONS: Readonly<Record<StandstillReason, Sentence>> = {
  failed: ['Training has stopped and needs a person', '学習が止まっています。対応が必要です'],
  unconfigured: ['Not set up yet', 'まだ設定されていません'],
  paused: ['Paused', '一時停止中です'],
  'no-weights': ['Waiting for the first model', '最初のモデルを待っています'],
  'outside-plan': ['Not training: outside the training hours', '学習時間外のため待機中です'],
  'on-battery': ['Not training: this PC runs on its battery', 'バッテリー駆動のため待機中です'],
  'pc-in-use': ['Not training: this PC is in use', 'パソコンの使用中のため待機中です'],
  finished: ['All planned rounds are done', '予定の学習がすべて終わりました'],
  resting: ['Between two rounds', '次の学習までの休憩中です'],
  starting: ['Getting ready', '準備中です'],
};

const NETWORK: Readonly<Record<NetworkState, Sentence>> = {
  online: ['connected', '接続済み'],
  connecting: ['connecting', '接続を試行中'],
  offline: ['offline', 'オフライン'],
  'outside-plan': ['outside of the hours for sending', '送信時間外'],
};

/** Adds `status`: how the agent of a data folder stands, in a sentence, or all of it as JSON. */
export function addStatusCommand(program: Command, { defaultDataFolder, print }: StatusHost): void {
  program
    .command('status')
    .description('say how this plant stands')
    .option('--data <folder>', 'data folder of the agent', defaultDataFolder)
    .option('--json', 'all of it as JSON; null where no agent runs')
    .action(async ({ data, json }: { data: string; json?: boolean }) => {
      const endpoint = await findAgent(path.resolve(data));
      const status = endpoint === null ? null : await readAgentStatus(endpoint);
      if (json) print(JSON.stringify(status, null, 2));
      else if (status === null) for (const line of NOT_RUNNING) print(line);
      else for (const line of [...statusSentences(status), ...driftSentences(status)]) print(line);
    });
}

/** How a plant stands: what it does, until when, and how its results travel. */
export function statusSentences(status: AgentStatus): Sentence {
  const { plantName, network, queue, problem } = status;
  const [doing, doingJa] = activity(status);
  const [link, linkJa] = linkOf(network);
  const waiting = queue.roundsWaiting;
  const code = problem === null ? '' : ` [${problem.code}]`;
  return [
    `${plantName}: ${doing}; ${link}, ${waiting} rounds waiting to be sent.${code}`,
    `${plantName}：${doingJa}。${linkJa}、送信待ち${waiting}回分。${code}`,
  ];
}

/** In what newer data are unlike those before, and what to check; nothing where a person knows. */
export function driftSentences({ drift }: Pick<AgentStatus, 'drift'>): string[] {
  if (drift === null) return [];
  const { since, findings } = drift;
  const say = (language: Language) =>
    [...findings.map((finding) => driftSentence(finding, language)), ...driftChecks(findings, language)].join(
      language === 'ja' ? '' : ' ',
    );
  return [
    `Since ${localTime(since, 'en')} the new data are unlike those before: ${say('en')}`,
    `${localTime(since, 'ja')}以降の新しいデータが、これまでと違っています。${say('ja')}`,
  ];
}

/** How this PC reaches the aggregator, or from when on it may. */
function linkOf({ state, until, proxy }: NetworkStatus): Sentence {
  const [en, ja] = NETWORK[state];
  if (until !== null) {
    return [`sends from ${localTime(until, 'en')}`, `送信は${localTime(until, 'ja')}からです`];
  }
  if (proxy === null || state === 'outside-plan') return [en, ja];
  return [`${en} (proxy ${proxy})`, `${ja}（プロキシ：${proxy}）`];
}

function activity({ standstill, round }: AgentStatus): Sentence {
  if (standstill === null) {
    const of = round === null ? '' : ` ${round.number}`;
    return [`Training round${of}`, `${round === null ? '' : `${round.number}回目を`}学習中です`];
  }
  const [en, ja] = REASONS[standstill.reason];
  if (standstill.until === null) return [en, ja];
  return [
    `${en}, until ${localTime(standstill.until, 'en')}`,
    `${ja}（${localTime(standstill.until, 'ja')}まで）`,
  ];
}

/** Weekday and time by this PC's clock: none of what is told is more than a week away, but for what is long known. */
function localTime(iso: string, language: Language): string {
  const date = new Date(iso);
  const weekday = new Intl.DateTimeFormat(language, { weekday: 'short' }).format(date);
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const time = new Intl.DateTimeFormat(language, clock).format(date);
  return language === 'ja' ? `${weekday}曜 ${time}` : `${weekday} ${time}`;
}
