/** Japanese of newer versions of the program. */
export const updatesJa = {
  'update.title': '更新',
  'update.version': 'この画面のバージョン',
  'update.current': 'このパソコン向けの新しい版はありません（{{time}}に確認）。',
  'update.notAsked': '集約サーバーにつながると、自動で確認します。',
  'update.notEnrolled': '新しい版は集約サーバーから届きます。登録が済むと受け取れます。',
  'update.asking': '新しい版があるか確認しています',
  'update.fetching': 'バージョン{{version}}を取得しています。作業はそのまま続けられます。',
  'update.progress': '新しい版の取得の進み具合',
  'update.stop': '取得をやめる',
  'update.stopped':
    'バージョン{{version}}の取得をやめました。「更新を確認」を押すか、約4時間後の自動確認のときに、また取得します。',
  'update.ready': 'バージョン{{version}}の準備ができました。',
  'update.ready.note':
    'ボタンを押すか、Genbaを止めたときにだけインストールします。学習は1～2分ほど止まりますが、終わった分はすべて残ります。',
  'update.notes': 'バージョン{{version}}の変更点',
  'update.install': '再起動して更新',
  'update.installing':
    'バージョン{{version}}をインストールしています。Genbaは自動で閉じて、もう一度起動します。パソコンの電源を切らないでください。',
  'update.failed': '更新に問題があります。{{reason}}',
  'update.look': '更新を確認',
  'update.byIt.package': 'システムのパッケージとしてインストールされています。更新はIT担当が行います。',
  'update.byIt.folder': '展開しただけのGenbaなので、自分では入れ替えられません。更新はIT担当が行います。',
  'update.byIt.notWritable':
    'このアカウントでは書き込めない場所にあります。更新はIT担当が全員分をまとめて行います。',
  'update.byIt.system': 'このシステムでは自動で更新できません。新しい版はIT担当がインストールします。',
  'update.byIt.service':
    'このパソコンの学習は、サービスか別のアカウントで動いています。更新はIT担当が行います。',
  'update.byIt.source': 'ソースから動かしています。更新は、用意した担当者が行います。',
  'update.browser':
    'ブラウザーで開いたエージェントの画面です。新しい版は、そのパソコンの画面か、IT担当がインストールします。',
  'update.wentBack': 'バージョン{{from}}が起動しなかったため、{{to}}に戻しました（{{time}}）。',
  'update.wentBack.note':
    '失われたものはありません。このパソコンではバージョン{{from}}を使わず、次の版を待ちます。IT担当に知らせてください。',
  'update.known': '確認しました',
  'update.hint': 'Genbaの新しい版（{{version}}）の準備ができました。',
  'update.hint.where': '設定で見る',
};
