/** Why the window does not open in Electron. */
export type BrowserReason = 'asked' | 'no-binary' | 'no-display' | 'did-not-start';

const REASONS: Record<BrowserReason, readonly string[]> = {
  asked: [],
  'no-binary': [
    'Electron is not on this computer and could not be downloaded (it comes from github.com).',
    '  To get the desktop window: connect to the internet or set your proxy, run "npx install-electron", then "npm start" again.',
    'Electron がこのパソコンになく、ダウンロードもできませんでした（配布元は github.com です）。',
    '  デスクトップ版を使うには、インターネットまたはプロキシを設定して「npx install-electron」を実行し、もう一度「npm start」してください。',
  ],
  'no-display': [
    'There is no display here to open a window on (DISPLAY and WAYLAND_DISPLAY are unset).',
    '画面が見つからないため、ウィンドウを開けません（DISPLAY と WAYLAND_DISPLAY が未設定です）。',
  ],
  'did-not-start': [
    'Electron did not start; its own words stand above.',
    '  As root, or without user namespaces, it refuses to run unprotected: use an ordinary account.',
    'Electron が起動しませんでした。理由は上の表示を確認してください。',
    '  root では保護なしの実行になるため起動しません。一般のアカウントで実行してください。',
  ],
};

/** What `npm start` says, in both languages, since it runs before anybody chose one. */
export const startWords = {
  downloading: () =>
    [
      'Downloading Electron, once (about 120 MB). "npm start -- --browser" does without it.',
      'Electron を初回のみダウンロードします（約120MB）。「npm start -- --browser」なら不要です。',
    ].join('\n'),
  building: () =>
    [
      'Building the window, once after each change (some ten seconds).',
      '画面を準備しています（最初と変更後のみ、数十秒）。',
    ].join('\n'),
  invited: (link: string, photos: string) =>
    [
      'A plant to try Genba out. 1. Paste this link into the window (good for a day):',
      'Genba を試すための拠点です。1. 次のリンクを画面に貼り付けてください（1日有効）：',
      `  ${link}`,
      '2. Press "Choose a folder" and take this one, or drop it:',
      '2. 「フォルダーを選ぶ」で次のフォルダーを選ぶか、画面にドロップしてください：',
      `  ${photos}`,
    ].join('\n'),
  aggregatorRuns: () =>
    [
      'The aggregator of the try-out runs until the window is closed, or Ctrl+C.',
      '試用の集約サーバーは、画面を閉じるか Ctrl+C を押すまで動きます。',
    ].join('\n'),
  aggregatorEnded: (description: string) =>
    [
      `The aggregator of the try-out has ended by itself: ${description}`,
      `試用の集約サーバーが止まりました：${description}`,
    ].join('\n'),
  noAggregator: (reason: string) =>
    [
      `The aggregator of the try-out could not be started: ${reason}`,
      '  The window opens all the same. If another program has taken its port, end that one and start again.',
      `試用の集約サーバーを起動できませんでした：${reason}`,
      '  画面はこのまま開きます。別のプログラムが同じポートを使っている場合は、終了してからもう一度実行してください。',
    ].join('\n'),
  browser: (reason: BrowserReason, address: string) =>
    [
      ...REASONS[reason],
      'The same page opens in your browser. The address works on this computer only; do not pass it on:',
      '同じ画面をブラウザーで開きます。このアドレスはこのパソコン専用です。他の人に渡さないでください：',
      `  ${address}`,
    ].join('\n'),
  keepsRunning: () =>
    [
      'The agent keeps training in the background. To stop it: npm start -- --stop',
      'エージェントは裏で学習を続けます。止めるには：npm start -- --stop',
    ].join('\n'),
  noAgent: (logFile: string) =>
    [
      `The agent did not start. Its log: ${logFile}`,
      `エージェントが起動しませんでした。ログ：${logFile}`,
    ].join('\n'),
  stopped: (isStopped: boolean) =>
    isStopped
      ? 'The agent has stopped.\nエージェントを停止しました。'
      : 'No agent was running.\n動いているエージェントはありません。',
} as const;
