import type { Language } from '@genba/shared/errors/catalogue';
import type { DemoStatus } from '@genba/shared/local-api/demo-status';

interface DemoText {
  readonly columns: string[];
  readonly network: Record<DemoStatus['plants'][number]['network'], string>;
  readonly phase: Record<DemoStatus['phase'], string>;
  readonly headline: (seconds: number, globalVersion: number, accuracy: string) => string;
  readonly page: (address: string) => string;
  readonly window: string;
  readonly stop: string;
}

/** What the demo says in the terminal. */
export const TEXT: Record<Language, DemoText> = {
  en: {
    columns: ['Plant', 'Network', 'Rounds', 'Waiting', 'Sent', 'Stale-\nness', 'All\ndigits', 'Own\ndigits'],
    network: { online: 'online', connecting: 'connecting', offline: 'OFFLINE', 'outside-plan': 'waiting' },
    phase: {
      preparing: 'Preparing the plants and their digits …',
      training: 'Three plants train; each has mostly its own digits.',
      cut: 'The cable of one plant is pulled. It trains on and keeps its rounds.',
      healed: 'The cable is back. What waited has been sent as one update.',
      finishing: 'The last updates are on their way …',
      comparing: 'For comparison every plant now trains alone, with the same data and rounds …',
      done: 'Done.',
      failed: 'The demo failed.',
    },
    headline: (seconds, version, accuracy) =>
      `${seconds} s · global version ${version} · shared model on all digits: ${accuracy}`,
    page: (address) => `Same view in the browser: ${address}`,
    window: 'A plant’s own window: npm start (in a second terminal)',
    stop: 'Everything keeps running for you to look at. Ctrl+C stops it.',
  },
  ja: {
    columns: [
      '拠点',
      'ネット\nワーク',
      '学習',
      '送信\n待ち',
      '送信\n済み',
      '遅れ',
      '全数字',
      '自拠点\nの数字',
    ],
    network: { online: '接続中', connecting: '再接続中', offline: '切断', 'outside-plan': '送信時間外' },
    phase: {
      preparing: '各拠点とデータを準備しています…',
      training: '3拠点が学習中です。各拠点のデータは、ほぼ自分の数字だけです。',
      cut: '1拠点の通信ケーブルを抜きました。学習は続き、結果は保管されます。',
      healed: '通信が復旧しました。待っていた分は1つの更新にまとめて送られました。',
      finishing: '最後の更新を送っています…',
      comparing: '比較のため、同じデータ・同じ回数で各拠点が単独で学習しています…',
      done: '完了しました。',
      failed: 'デモが失敗しました。',
    },
    headline: (seconds, version, accuracy) =>
      `${seconds} 秒 · 全体バージョン ${version} · 共有モデルの正解率（全数字）：${accuracy}`,
    page: (address) => `ブラウザーでも見られます：${address}`,
    window: '拠点の画面を開くには：npm start（別のターミナルで）',
    stop: '動いたままにしてあります。終了は Ctrl+C です。',
  },
};
