/** Japanese of an invitation that is opened while this PC takes part already. */
export const handedJa = {
  'handed.title': '招待が開かれました',
  'handed.close': '閉じる',
  'handed.keep': '今のままにする',
  'handed.done': '新しい招待で登録しました。',
  'handed.same':
    'このパソコンは、この集約サーバーに「{{plant}}」として登録済みです。何も変更していません。操作は必要ありません。',
  'handed.sameOther':
    'この招待は「{{other}}」宛てですが、このパソコンは「{{plant}}」として登録済みです。別のパソコン用の招待と思われるため、何も変更していません。',
  'handed.renew':
    '現在、このパソコンは集約サーバーに接続を断られています。この招待で登録し直せます。学習した内容は失われません。',
  'handed.renew.confirm': '登録し直す',
  'handed.otherTask':
    'この招待は別のタスク（{{there}}）のものです。このパソコンは「{{here}}」を学習しており、その結果は別のタスクには使えないため、何も変更していません。別のタスクに参加するには専用のデータフォルダーが必要です。IT担当に相談してください。',
  'handed.replace': 'このパソコンは登録済みです。この招待は、別の集約サーバーのものです。',
  'handed.replace.from': '現在の接続先',
  'handed.replace.to': '招待の接続先',
  'handed.replace.waiting_other':
    '学習した内容は失われません。送信待ちの学習結果{{count}}回分は、新しい集約サーバーへ送ります。',
  'handed.replace.kept': '学習した内容は失われません。新しい集約サーバーと、今の続きから学習します。',
  'handed.replace.careful':
    'IT担当から指示があった場合だけ切り替えてください。切り替えた後の学習結果は、招待の接続先へ送られます。',
  'handed.replace.confirm': '切り替える',
} as const;
