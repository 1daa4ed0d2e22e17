import type { Language } from '@genba/shared/errors/catalogue';

const en = {
  // View menu
  view: 'View',
  larger: 'Larger',
  smaller: 'Smaller',
  normal: 'Normal size',
  full: 'Full screen',
  close: 'Close window',
  // Tray: what the agent is doing
  training: 'Training',
  waiting: 'Waiting for the next round',
  paused: 'Paused',
  unconfigured: 'Not set up yet',
  failed: 'Needs attention',
  starting: 'Starting…',
  absent: 'Not running',
  offline: 'offline',
  roundsWaiting: 'results waiting to be sent: {count}',
  // Tray: what can be done
  open: 'Open Genba',
  pause: 'Pause training',
  resume: 'Resume training',
  loginStart: 'Start with this PC',
  quit: 'Close this program (training goes on)',
  stop: 'Stop training and close…',
  // Asked before the agent is stopped
  stopTitle: 'Stop Genba on this PC?',
  stopDetail:
    'This PC will not train or send anything until Genba is opened again. The round in progress is broken off; everything finished is kept.',
  stopConfirm: 'Stop',
  cancel: 'Cancel',
  stopFailed: 'Genba could not be stopped. Try again, or stop its service.',
  // File dialogs
  chooseFolder: 'Choose a folder',
  chooseFile: 'Choose a file',
  saveAs: 'Save',
  tables: 'Tables (CSV)',
  pictures: 'Pictures',
  replies: 'Reply files of the aggregator',
  updates: 'Update files for the aggregator',
  requests: 'Enrolment requests',
  archives: 'Zip archives',
  saveLogBundle: 'Save the log bundle for IT',
} as const;

/** Every text of the shell's own: its tray, menu and dialogs. Pages have their own. */
export type ShellWords = { readonly [Key in keyof typeof en]: string };

const ja: ShellWords = {
  view: '表示',
  larger: '拡大',
  smaller: '縮小',
  normal: '標準の大きさ',
  full: '全画面表示',
  close: '画面を閉じる',
  training: '学習中',
  waiting: '次の学習を待っています',
  paused: '一時停止中',
  unconfigured: '設定がまだです',
  failed: '確認が必要です',
  starting: '起動しています…',
  absent: '動いていません',
  offline: 'オフライン',
  roundsWaiting: '送信待ちの学習結果：{count}回分',
  open: 'Genbaを開く',
  pause: '学習を一時停止',
  resume: '学習を再開',
  loginStart: 'パソコンの起動時に開始',
  quit: 'このプログラムを閉じる（学習は続きます）',
  stop: '学習を止めて閉じる…',
  stopTitle: 'このパソコンのGenbaを止めますか？',
  stopDetail:
    '次にGenbaを開くまで、このパソコンでは学習も送信もしません。途中の学習は打ち切られますが、終わった分はすべて残ります。',
  stopConfirm: '止める',
  cancel: 'キャンセル',
  stopFailed: 'Genbaを止められませんでした。もう一度試すか、サービスを停止してください。',
  chooseFolder: 'フォルダーを選ぶ',
  chooseFile: 'ファイルを選ぶ',
  saveAs: '保存',
  tables: '表（CSV）',
  pictures: '画像',
  replies: '集約サーバーからの返信ファイル',
  updates: '集約サーバーに渡す学習結果ファイル',
  requests: '登録の申込ファイル',
  archives: 'ZIPファイル',
  saveLogBundle: 'IT担当者用のログを保存',
};

const WORDS: Readonly<Record<Language, ShellWords>> = { en, ja };

/** The shell's texts in a language. */
export function shellWords(language: Language): ShellWords {
  return WORDS[language];
}

/** The language to begin with where nobody has chosen one: Japanese unless the system speaks English. */
export function languageOf(locale: string): Language {
  return locale.toLowerCase().startsWith('en') ? 'en' : 'ja';
}
