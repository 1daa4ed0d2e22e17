/** Languages every sentence of the product exists in. */
export type Language = 'en' | 'ja';

interface ErrorEntry {
  /** Whether repeating the same request later may succeed. */
  readonly isRetryable: boolean;
  readonly en: string;
  readonly ja: string;
}

/**
 * Every error code of the product with its sentence in both languages: what happened, and what to do next.
 * `docs/ERRORS.md` has one row per code (a test compares them). Codes are never renamed or reused.
 */
export const ERROR_CATALOGUE = {
  // protocol: the peer broke the rules of genba.v1
  'protocol/unsupported-version': {
    isRetryable: false,
    en: 'This app and the aggregator speak different protocol versions. Update the older of the two.',
    ja: 'アプリと集約サーバーの通信バージョンが合いません。古いほうを更新してください。',
  },
  'protocol/bad-message': {
    isRetryable: false,
    en: 'The message does not follow the protocol and was ignored.',
    ja: '通信規約に合わないメッセージのため、無視しました。',
  },
  'protocol/hello-expected': {
    isRetryable: false,
    en: 'The first message of a connection must be hello.',
    ja: '接続の最初のメッセージは hello でなければなりません。',
  },
  'protocol/unexpected-message': {
    isRetryable: false,
    en: 'This message is not allowed at this point of the conversation.',
    ja: 'この段階では受け付けられないメッセージです。',
  },
  'protocol/binary-expected': {
    isRetryable: false,
    en: 'A transfer is running: its data must come as binary frames, not as text.',
    ja: '転送中です。データは文字ではなくバイナリで送ってください。',
  },
  'protocol/binary-unexpected': {
    isRetryable: false,
    en: 'A binary frame came although no transfer with that number is open.',
    ja: '開いている転送がないのに、バイナリデータが届きました。',
  },
  'protocol/frame-truncated': {
    isRetryable: true,
    en: 'A binary frame was cut short.',
    ja: 'バイナリデータが途中で切れています。',
  },
  'protocol/frame-too-large': {
    isRetryable: false,
    en: 'A frame is larger than the limit.',
    ja: '1回に送れる大きさの上限を超えています。',
  },
  'protocol/offset-mismatch': {
    isRetryable: true,
    en: 'A data frame does not continue where the transfer stands.',
    ja: '転送の続きではない位置のデータが届きました。',
  },
  // task
  'task/unknown': {
    isRetryable: false,
    en: 'The aggregator does not know this task. Ask your IT which task this plant belongs to.',
    ja: '集約サーバーにこのタスクがありません。所属するタスクをIT担当に確認してください。',
  },
  'task/invalid': {
    isRetryable: false,
    en: 'The task file is not valid. Correct the named field and start again.',
    ja: 'タスクファイルに誤りがあります。示された項目を直して、もう一度起動してください。',
  },
  'task/changed': {
    isRetryable: false,
    en: 'The task file describes another model than the one kept in the data folder. Use a new task id or a new data folder.',
    ja: 'タスクファイルのモデルが、データフォルダーに保存済みのものと違います。新しいタスクIDか、新しいデータフォルダーを使ってください。',
  },
  'task/app-too-old': {
    isRetryable: false,
    en: 'This task needs a newer version of Genba than this PC has, so nothing can be exchanged. Update Genba on this PC; its results are kept, and it goes on by itself afterwards.',
    ja: 'このタスクには、このパソコンより新しい版の Genba が必要なため、送受信できません。このパソコンの Genba を更新してください。学習結果は残っており、更新後に自動で再開します。',
  },
  // update
  'update/unknown-base': {
    isRetryable: false,
    en: 'The aggregator does not have the start weights this update builds on. The plant gets fresh ones; the update is kept for review.',
    ja: 'この更新の土台となる重みが集約サーバーにありません。新しい重みを受け取り直します。更新は確認用に残します。',
  },
  'update/future-base': {
    isRetryable: false,
    en: 'The update claims a global version that does not exist yet.',
    ja: 'まだ存在しない全体バージョンを土台とする更新です。',
  },
  'update/id-conflict': {
    isRetryable: false,
    en: 'An update with this id but different content was already received.',
    ja: '同じ番号で内容の違う更新がすでに届いています。',
  },
  'update/wrong-shape': {
    isRetryable: false,
    en: 'The update does not have the size of this task’s model.',
    ja: '更新の大きさが、このタスクのモデルと合いません。',
  },
  'update/not-finite': {
    isRetryable: false,
    en: 'The update contains values that are not numbers (NaN or infinity) or absurdly large. Check the training data and the learning rate.',
    ja: '更新に数値でない値（NaN・無限大）や、極端に大きな値が含まれています。学習データと学習率を確認してください。',
  },
  'update/offer-again': {
    isRetryable: true,
    en: 'The aggregator’s copy of this update or of its starting point is damaged or was let go. This plant sends it once more by itself.',
    ja: '集約サーバー側で、この更新またはその出発点の控えが壊れているか、残っていません。こちらから自動でもう一度送ります。',
  },
  'update/digest-mismatch': {
    isRetryable: true,
    en: 'The update was damaged on the way and will be sent again.',
    ja: '送信中に更新が壊れました。もう一度送ります。',
  },
  'update/dropped': {
    isRetryable: false,
    en: 'The operator of the aggregator decided not to use this update. The plant goes on from the shared model.',
    ja: '集約サーバーの管理者が、この更新を使わないと判断しました。拠点は共有モデルから学習を続けます。',
  },
  'update/overtaken': {
    isRetryable: false,
    en: 'While this update waited for the check by the operator, the shared model was started anew. The update was not used.',
    ja: '管理者の確認を待つ間に共有モデルが作り直されたため、この更新は使われませんでした。',
  },
  'update/encoding-refused': {
    isRetryable: false,
    en: 'The aggregator cannot read this compact update, because its copy of the start weights is gone or differs. It is sent again in full.',
    ja: '集約サーバーに同じ開始時の重みがないため、圧縮した更新を復元できません。圧縮せずに送り直します。',
  },
  // identity: the aggregator does not believe a device
  'identity/not-enrolled': {
    isRetryable: false,
    en: 'This aggregator only lets enrolled PCs in. Ask your IT for an invitation for this PC.',
    ja: 'この集約サーバーは登録済みのパソコンだけが使えます。このパソコンの招待をIT担当に依頼してください。',
  },
  'identity/proof-expected': {
    isRetryable: false,
    en: 'The aggregator asked who this is and got no proper answer in time.',
    ja: '集約サーバーからの本人確認に、時間内に正しく答えられませんでした。',
  },
  'identity/stale-proof': {
    isRetryable: false,
    en: 'The proof answers another question than the one asked on this connection. It was refused as a replay.',
    ja: 'この接続での確認に対する証明ではありません。使い回された証明として拒否しました。',
  },
  'identity/channel-mismatch': {
    isRetryable: false,
    en: 'Something between this PC and the aggregator opens the encryption. Let the connection pass through unopened.',
    ja: 'このパソコンと集約サーバーの間で、暗号が解かれています。途中の機器は通信を開けずに通す設定にしてください。',
  },
  'identity/bad-signature': {
    isRetryable: false,
    en: 'The signature does not fit the key. The device was not let in.',
    ja: '署名が鍵と合わないため、接続を拒否しました。',
  },
  'identity/unknown-key': {
    isRetryable: false,
    en: 'The aggregator does not know the key of this PC. Ask your IT for a new invitation.',
    ja: 'このパソコンの鍵は集約サーバーに登録されていません。新しい招待をIT担当に依頼してください。',
  },
  'identity/revoked': {
    isRetryable: false,
    en: 'This PC was locked out of the aggregator. If that is a mistake, ask your IT for a new invitation.',
    ja: 'このパソコンは集約サーバーの利用を止められています。心当たりがない場合は、新しい招待をIT担当に依頼してください。',
  },
  'identity/wrong-device': {
    isRetryable: false,
    en: 'The key belongs to another PC or another task.',
    ja: 'この鍵は、別のパソコンまたは別のタスクのものです。',
  },
  'identity/code-unknown': {
    isRetryable: false,
    en: 'The aggregator does not know this invitation. Check that it is complete and for this aggregator and task.',
    ja: 'この招待は集約サーバーに登録されていません。招待に欠けがないか、サーバーとタスクが正しいかを確認してください。',
  },
  'identity/code-expired': {
    isRetryable: false,
    en: 'The aggregator no longer accepts this invitation: its time is over. Ask your IT for a new one.',
    ja: '招待の期限が過ぎているため、集約サーバーが受け付けません。新しい招待をIT担当に依頼してください。',
  },
  'identity/code-spent': {
    isRetryable: false,
    en: 'The invitation was already used by another PC. Ask your IT for a new one, and tell them if you did not expect this.',
    ja: 'この招待は別のパソコンで使用済みです。新しい招待を依頼し、心当たりがなければIT担当に知らせてください。',
  },
  'identity/already-enrolled': {
    isRetryable: false,
    en: 'This PC is already enrolled with another key. Revoke that one first, then use the invitation.',
    ja: 'このパソコンは別の鍵で登録済みです。先にその鍵を失効させてから、招待を使ってください。',
  },
  'identity/key-lost': {
    isRetryable: false,
    en: 'The key of this PC is missing or damaged. Ask your IT to revoke it and for a new invitation; training results are kept.',
    ja: 'このパソコンの鍵が見つからないか、壊れています。鍵の失効と新しい招待をIT担当に依頼してください。学習結果は残っています。',
  },
  // invitations
  'invitation/broken': {
    isRetryable: false,
    en: 'This is not a complete invitation. Copy the whole link, or take the file as it was sent.',
    ja: '招待として読み取れません。リンク全体をコピーするか、届いたファイルをそのまま使ってください。',
  },
  'invitation/newer-version': {
    isRetryable: false,
    en: 'The invitation was made by a newer version. Update this app first.',
    ja: 'より新しい版で作られた招待です。先にこのアプリを更新してください。',
  },
  'invitation/expired': {
    isRetryable: false,
    en: 'The invitation has expired. Ask your IT for a new one; if it is new, check the clock of this PC.',
    ja: '招待の期限が切れています。新しい招待をIT担当に依頼してください。届いたばかりなら、パソコンの時計を確認してください。',
  },
  'invitation/not-found': {
    isRetryable: false,
    en: 'There is no invitation file of that name. Check the path, or paste the whole link.',
    ja: 'その招待ファイルが見つかりません。場所を確認するか、リンク全体を貼り付けてください。',
  },
  // enrolment and encryption, as the plant’s PC sees them
  'enrolment/unreachable': {
    isRetryable: true,
    en: 'The aggregator could not be reached, or the connection broke off. Check the network and enrol again with the same invitation.',
    ja: '集約サーバーにつながらないか、通信が途中で切れました。ネットワークを確認し、同じ招待でもう一度登録してください。',
  },
  'enrolment/other-task': {
    isRetryable: false,
    en: 'This data folder holds the work of another task, so nothing was changed. Use another data folder (--data) for this invitation.',
    ja: 'このデータフォルダーには別のタスクの学習結果があるため、登録せずに終了しました。この招待には、別のデータフォルダー（--data）を使ってください。',
  },
  'tls/other-certificate': {
    isRetryable: false,
    en: 'The server that answered does not have the invitation’s certificate. Most likely a firewall or virus scanner opens the encryption on the way (TLS inspection): ask your IT to exempt the aggregator’s address.',
    ja: '応答したサーバーの証明書が、招待のものと違います。途中のファイアウォールやウイルス対策ソフトが暗号を解いている（TLS検査）可能性が高いため、集約サーバーのアドレスを検査の対象外にするよう、IT担当に依頼してください。',
  },
  'tls/untrusted': {
    isRetryable: false,
    en: 'The aggregator does not show a certificate that this PC trusts. A firewall or virus scanner may open the encryption (TLS inspection), or the aggregator has a new certificate. Tell your IT; results are kept here.',
    ja: '集約サーバーの証明書を確認できません。途中の機器が暗号を解いている（TLS検査）か、サーバーの証明書が替わった可能性があります。IT担当に知らせてください。学習結果はこのパソコンに保管します。',
  },
  'tls/expired': {
    isRetryable: false,
    en: 'The aggregator’s certificate has expired. Check the clock of this PC; if it is right, ask your IT to renew the certificate.',
    ja: '集約サーバーの証明書の期限が切れています。パソコンの時計が合っていれば、証明書の更新をIT担当に依頼してください。',
  },
  'tls/not-yet-valid': {
    isRetryable: false,
    en: 'By the clock of this PC, the aggregator’s certificate is not valid yet. Set the clock right; if it is right, tell your IT.',
    ja: 'このパソコンの時計では、集約サーバーの証明書がまだ有効期間に入っていません。時計を合わせてください。合っている場合は、IT担当に知らせてください。',
  },
  'tls/wrong-name': {
    isRetryable: false,
    en: 'The aggregator’s certificate does not name the address in use. Ask your IT for an invitation with an address that the certificate names.',
    ja: '集約サーバーの証明書が、接続先のアドレスに対応していません。証明書に含まれるアドレスでの招待を、IT担当に依頼してください。',
  },
  'tls/failed': {
    isRetryable: false,
    en: 'No encrypted connection came about. Another program may answer at this address, or a device on the way does not let TLS 1.3 through. Tell your IT.',
    ja: '暗号化された通信を始められません。別のプログラムが応答しているか、途中の機器が TLS 1.3 を通していない可能性があります。IT担当に知らせてください。',
  },
  'tls/required': {
    isRetryable: false,
    en: 'This PC has enrolled and talks to its aggregator with encryption only. Leave --server away, or use another data folder.',
    ja: 'このパソコンは登録済みのため、暗号化された通信だけを使います。--server を付けずに起動するか、別のデータフォルダーを使ってください。',
  },
  // the way out of a plant: proxies, as the plant’s PC sees them
  'proxy/bad-setting': {
    isRetryable: false,
    en: 'This is no proxy setting. Give system, none, the address of a proxy like http://proxy.example:8080, or pac+ and the address of a proxy script; user and password belong together.',
    ja: 'プロキシの設定として読み取れません。system、none、http://proxy.example:8080 のようなアドレス、または pac+ に続けてプロキシスクリプトのアドレスを指定してください。ユーザー名とパスワードは両方必要です。',
  },
  'proxy/bad-authority': {
    isRetryable: false,
    en: 'There is no certificate in this file that can be read. Ask your IT for the certificate that signs the proxy’s own (PEM or DER).',
    ja: 'このファイルから証明書を読み取れません。プロキシの証明書を発行した認証局の証明書（PEMまたはDER）をIT担当から受け取ってください。',
  },
  'proxy/unreachable': {
    isRetryable: true,
    en: 'The proxy of this network cannot be reached. Check the network cable, and with your IT whether the proxy’s address is right; results are kept here and sent later.',
    ja: '社内のプロキシにつながりません。ネットワークケーブルを確認し、プロキシのアドレスが正しいかIT担当に確認してください。学習結果は保管し、あとで送ります。',
  },
  'proxy/no-answer': {
    isRetryable: true,
    en: 'The proxy of this network was reached but did not answer. Tell your IT if this lasts; results are kept here and sent later.',
    ja: '社内のプロキシから応答がありません。続く場合はIT担当に知らせてください。学習結果は保管し、あとで送ります。',
  },
  'proxy/bad-answer': {
    isRetryable: true,
    en: 'What answers at the proxy’s address is no proxy. Ask your IT for the address and port of the proxy.',
    ja: 'プロキシのアドレスで応答したのは、プロキシではありません。プロキシのアドレスとポート番号をIT担当に確認してください。',
  },
  'proxy/login-needed': {
    isRetryable: false,
    en: 'The proxy of this network asks for user and password. Ask your IT for a login and give it with --proxy-user and --proxy-password-file.',
    ja: '社内のプロキシがユーザー名とパスワードを求めています。IT担当から受け取り、--proxy-user と --proxy-password-file で指定してください。',
  },
  'proxy/login-refused': {
    isRetryable: false,
    en: 'The proxy of this network refused user or password. Give the right ones with --proxy-user and --proxy-password-file; so that the account is not locked, this PC waits 15 minutes between attempts.',
    ja: '社内のプロキシがユーザー名またはパスワードを受け付けません。--proxy-user と --proxy-password-file で正しいものを指定してください。アカウントのロックを避けるため、次の試行まで15分待ちます。',
  },
  'proxy/login-unsupported': {
    isRetryable: false,
    en: 'The proxy of this network takes only a kind of login that Genba does not speak (Windows sign-in). Ask your IT to let this PC through to the aggregator’s address without a login.',
    ja: '社内のプロキシは、Genba が対応していない認証方式（Windows 統合認証など）だけを受け付けています。このパソコンから集約サーバーへの通信を認証なしで通すよう、IT担当に依頼してください。',
  },
  'proxy/forbidden': {
    isRetryable: false,
    en: 'The proxy of this network does not let the connection to the aggregator through. Ask your IT to allow CONNECT to the aggregator’s address and port.',
    ja: '社内のプロキシが、集約サーバーへの通信を許可していません。集約サーバーのアドレスとポートへの CONNECT を許可するよう、IT担当に依頼してください。',
  },
  'proxy/cannot-connect': {
    isRetryable: true,
    en: 'The proxy of this network answers but does not get through to the aggregator. The aggregator may be down, or its name unknown to the proxy. This PC tries again by itself; tell your IT if it lasts.',
    ja: '社内のプロキシが集約サーバーにつながりません。サーバーが止まっているか、プロキシがその名前を見つけられない可能性があります。自動でやり直しますが、続く場合はIT担当に知らせてください。',
  },
  'proxy/untrusted': {
    isRetryable: false,
    en: 'The certificate of the proxy itself is not trusted by this PC. Ask your IT for the certificate that signs it and give it with --proxy-ca.',
    ja: 'プロキシ自体の証明書を、このパソコンでは確認できません。発行した認証局の証明書をIT担当から受け取り、--proxy-ca で指定してください。',
  },
  'proxy/unsupported': {
    isRetryable: false,
    en: 'The proxy script names only kinds of proxy that Genba does not speak, such as SOCKS. Ask your IT for an HTTP proxy.',
    ja: 'プロキシスクリプトが示すプロキシは、Genba が対応していない種類（SOCKS など）だけです。HTTPプロキシをIT担当に確認してください。',
  },
  'proxy/script-unreachable': {
    isRetryable: true,
    en: 'The proxy script could not be fetched, so the way out is not known. Check the network, and with your IT the script’s address; this PC tries again by itself.',
    ja: 'プロキシスクリプト（PAC）を取得できないため、外への経路が分かりません。ネットワークを確認し、スクリプトのアドレスをIT担当に確認してください。自動でやり直します。',
  },
  'proxy/script-broken': {
    isRetryable: false,
    en: 'The proxy script does not run, or does not come to an end. Tell your IT, and which line it names.',
    ja: 'プロキシスクリプト（PAC）が正しく動かないか、終わりません。詳細の内容をIT担当に知らせてください。',
  },
  'clock/wrong': {
    isRetryable: false,
    en: 'The clock of this PC is several minutes off. Set it right, or ask your IT for time synchronisation; training and sending go on.',
    ja: 'このパソコンの時計が数分以上ずれています。時計を合わせるか、時刻の自動同期をIT担当に依頼してください。学習と送信は続けます。',
  },
  // transfer and server
  'doctor/problem-found': {
    isRetryable: false,
    en: 'The connection doctor found a problem. Read its last sentence to your IT.',
    ja: '接続診断で問題が見つかりました。表示された最後の文をIT担当に伝えてください。',
  },
  'transfer/digest-mismatch': {
    isRetryable: true,
    en: 'The received weights were damaged on the way and will be fetched again.',
    ja: '受信した重みが途中で壊れました。もう一度受け取ります。',
  },
  'server/bad-address': {
    isRetryable: false,
    en: 'This is not the address of an aggregator. Give host and port, like localhost:8600.',
    ja: '集約サーバーのアドレスとして読み取れません。localhost:8600 のように、ホストとポート番号を指定してください。',
  },
  'server/storage': {
    isRetryable: true,
    en: 'The aggregator could not write to its disk. Tell your IT; nothing is lost on this side.',
    ja: '集約サーバーがディスクに書き込めません。IT担当に知らせてください。こちらのデータは失われません。',
  },
  'server/low-space': {
    isRetryable: true,
    en: 'The aggregator’s disk is nearly full, so it takes no updates for now. Tell your IT; this plant keeps its progress and tries again by itself.',
    ja: '集約サーバーのディスクの空きが少ないため、更新を受け付けていません。IT担当に知らせてください。こちらの学習結果は保存されており、自動で送り直します。',
  },
  'server/replaced': {
    isRetryable: true,
    en: 'The same client connected again; this older connection is closed.',
    ja: '同じ端末から新しい接続があったため、古い接続を閉じました。',
  },
  'server/too-many-requests': {
    isRetryable: true,
    en: 'The aggregator has had too many requests and takes a break. This PC will try again by itself.',
    ja: '集約サーバーへの要求が多すぎるため、しばらく受け付けていません。あとで自動的にやり直します。',
  },
  // start-up
  'startup/port-in-use': {
    isRetryable: false,
    en: 'The port is in use by another program. Choose another one with --port or stop that program.',
    ja: 'そのポートは別のプログラムが使用中です。--port で別の番号を指定するか、そのプログラムを止めてください。',
  },
  'startup/data-not-writable': {
    isRetryable: false,
    en: 'The data folder cannot be written. Check that it exists and that this account may write there.',
    ja: 'データフォルダーに書き込めません。フォルダーと書き込み権限を確認してください。',
  },
  'startup/already-running': {
    isRetryable: false,
    en: 'Another process already uses this data folder. Stop it first, or choose another folder.',
    ja: 'このデータフォルダーは別のプロセスが使用中です。先に停止するか、別のフォルダーを指定してください。',
  },
  'startup/agent-hangs': {
    isRetryable: true,
    en: 'The agent that uses this data folder does not stop. Try again, end it with genba-agent stop --force, or end its process; finished rounds are kept.',
    ja: 'このデータフォルダーを使用中のエージェントが停止しません。もう一度実行するか、genba-agent stop --force またはタスクマネージャーで終了してください。完了した学習は残ります。',
  },
  'startup/host-not-loopback': {
    isRetryable: false,
    en: 'Without encryption only this computer may be talked to. Give 127.0.0.1, ::1 or localhost as the host, or enrol with an invitation.',
    ja: '暗号化なしで通信できるのは、このパソコンの中だけです。ホストに 127.0.0.1、::1、localhost のいずれかを指定するか、招待を使って登録してください。',
  },
  'startup/tls-unreadable': {
    isRetryable: false,
    en: 'The certificate or its private key cannot be read. Give PEM files: the chain from the server’s certificate upwards, and the key without a password.',
    ja: '証明書または秘密鍵を読み込めません。PEM形式で、サーバー証明書から順に並べたファイルと、パスワードなしの秘密鍵を指定してください。',
  },
  'startup/tls-mismatch': {
    isRetryable: false,
    en: 'The private key does not belong to the certificate. Give the two files that were made together.',
    ja: '秘密鍵が証明書と対になっていません。対になるファイルを指定してください。',
  },
  'startup/tls-expired': {
    isRetryable: false,
    en: 'A certificate of the chain has expired or is not valid yet. Renew it, or check the clock of this computer.',
    ja: '証明書の有効期間外です。証明書を更新するか、このコンピューターの時計を確認してください。',
  },
  'startup/tls-names': {
    isRetryable: false,
    en: 'The certificate is not made for the addresses that plants use. Get one with these names, or correct --address.',
    ja: '証明書が、拠点が使うアドレスに対応していません。その名前を含む証明書を用意するか、--address を直してください。',
  },
  'startup/restore-incomplete': {
    isRetryable: false,
    en: 'A restore into this data folder was cut off. Empty the folder and restore again.',
    ja: 'このデータフォルダーへの復元が途中で止まっています。フォルダーを空にして、もう一度復元してください。',
  },
  'store/disk-full': {
    isRetryable: true,
    en: 'The disk of this PC is full. Free some space; the work goes on by itself and nothing is lost.',
    ja: 'このパソコンのディスクがいっぱいです。空きを作ってください。作業は自動で再開し、データは失われません。',
  },
  'store/space-needed': {
    isRetryable: true,
    en: 'There is too little room on the disk, so no new training begins. Make room; training then goes on by itself. Nothing is lost, and finished results are still sent.',
    ja: 'ディスクの空きが足りないため、新しい学習を始めません。空きを増やすと、自動で再開します。学習済みの結果は失われず、送信も続けます。',
  },
  'store/quota-reached': {
    isRetryable: true,
    en: 'The data folder has reached the size it may have, so no new training begins. Allow more with --quota, or let IT look at the folder. Nothing is lost, and finished results are still sent.',
    ja: 'データフォルダーが決められた大きさに達したため、新しい学習を始めません。--quota で上限を上げるか、フォルダーの中身をIT担当に確認してもらってください。学習済みの結果は失われず、送信も続けます。',
  },
  'store/newer-database': {
    isRetryable: false,
    en: 'The data folder was written by a newer version of the program. Install that version or a later one.',
    ja: 'データフォルダーはより新しい版で作成されています。その版以降をインストールしてください。',
  },
  'store/damaged': {
    isRetryable: false,
    en: 'A stored file does not match its digest. Restore the data folder from a backup.',
    ja: '保存ファイルの内容が記録と一致しません。バックアップから復元してください。',
  },
  'store/stopped': {
    isRetryable: true,
    en: 'The part of the aggregator that keeps its records has stopped, so the aggregator stops. Start it again; nothing is lost.',
    ja: '集約サーバーの記録を担う部分が止まったため、サーバーを停止します。もう一度起動してください。データは失われません。',
  },
  // exchange: files that carry updates and replies on a USB stick
  'exchange/not-found': {
    isRetryable: false,
    en: 'The file cannot be read. Check the path, and that the USB stick is plugged in and readable.',
    ja: 'ファイルを読み取れません。場所と、USBメモリーが挿さっていて読める状態かを確認してください。',
  },
  'exchange/damaged': {
    isRetryable: false,
    en: 'The file is incomplete, damaged, or not one of ours. Nothing was taken from it. Write it again where it came from.',
    ja: 'ファイルが途中で切れているか壊れている、または別の種類のファイルのため、何も取り込みませんでした。作成元でもう一度書き出してください。',
  },
  'exchange/newer-format': {
    isRetryable: false,
    en: 'The file was written by a newer version. Update this program first.',
    ja: 'より新しい版で作られたファイルです。先にこのプログラムを更新してください。',
  },
  'exchange/wrong-direction': {
    isRetryable: false,
    en: 'This file goes the other way: updates are imported at the aggregator, replies on the plant’s PC.',
    ja: '取り込む場所が逆です。更新ファイルは集約サーバーで、返信ファイルは拠点のパソコンで取り込んでください。',
  },
  'exchange/bad-signature': {
    isRetryable: false,
    en: 'The signature of the file is not right: it was changed on the way, or somebody else wrote it. Nothing was taken from it.',
    ja: 'ファイルの署名が正しくありません。途中で書き換えられたか、別の相手が作ったものです。何も取り込みませんでした。',
  },
  'exchange/other-aggregator': {
    isRetryable: false,
    en: 'The file belongs to another aggregator. Nothing was taken from it.',
    ja: '別の集約サーバーのファイルです。何も取り込みませんでした。',
  },
  'exchange/other-device': {
    isRetryable: false,
    en: 'The file is for another PC, named below. Nothing was taken from it; bring it there.',
    ja: '別のパソコン宛てのファイルのため、何も取り込みませんでした。下に示す拠点で取り込んでください。',
  },
  'exchange/older-reply': {
    isRetryable: false,
    en: 'This reply is older than what this PC has. Nothing was taken from it; use the newest reply.',
    ja: 'このパソコンの状態より古い返信のため、何も取り込みませんでした。最新の返信ファイルを使ってください。',
  },
  'exchange/unknown-update': {
    isRetryable: false,
    en: 'The reply answers an update that this PC does not have, perhaps because its data came from a copy. Write an update file again and bring it to the aggregator: it answers with fresh weights.',
    ja: 'このパソコンにない更新への返信です（データが控えから戻された可能性があります）。もう一度更新ファイルを書き出して集約サーバーで取り込むと、新しい重みが返されます。',
  },
  'exchange/nothing-to-send': {
    isRetryable: false,
    en: 'There is nothing to send: all finished training has been answered. Nothing was written.',
    ja: '送るものがありません。終わった学習にはすべて返信が届いています。ファイルは作りませんでした。',
  },
  'exchange/nothing-to-answer': {
    isRetryable: false,
    en: 'There is nothing for this device: it has all that was made for it. Nothing was written.',
    ja: 'この端末に返すものがありません。作成済みのものはすべて届いています。ファイルは作りませんでした。',
  },
  'exchange/too-large': {
    isRetryable: false,
    en: 'The file would have 4 GB or more, which most USB sticks (FAT32) cannot hold. This model needs a network.',
    ja: 'ファイルが4GB以上になり、多くのUSBメモリー（FAT32）に入りません。このモデルはネットワークで送ってください。',
  },
  'exchange/not-written': {
    isRetryable: true,
    en: 'The file could not be written, or the USB stick gave back something else than was written. Check free space and write protection, or take another stick.',
    ja: 'ファイルを書き込めないか、書いた内容を正しく読み返せませんでした。USBメモリーの空きと書き込み禁止を確認するか、別のUSBメモリーを使ってください。',
  },
  'exchange/certificate-needed': {
    isRetryable: false,
    en: 'This aggregator uses a certificate of your own. Name its files with --tls-cert and --tls-key, so that the reply can be signed.',
    ja: 'この集約サーバーは貴社の証明書を使っています。返信に署名するため、--tls-cert と --tls-key でファイルを指定してください。',
  },
  // the app's own updates, as the aggregator offers them
  'updates/unusable': {
    isRetryable: false,
    en: 'This folder is no complete release of the app. Take the whole folder that electron-builder has written. Nothing was published.',
    ja: 'このフォルダーはアプリのリリース一式として使えません。electron-builder が出力したフォルダーをそのまま指定してください。公開内容は変わっていません。',
  },
  'updates/not-newer': {
    isRetryable: false,
    en: 'A version is offered that is as new or newer. Publish a higher version, or take that one back with updates withdraw.',
    ja: '同じか、より新しい版がすでに配布中です。より新しい版を公開するか、updates withdraw で配布中の版を取り下げてください。',
  },
  'updates/none': {
    isRetryable: false,
    en: 'No version of the app is offered. The command updates publish offers one.',
    ja: '配布中の版はありません。updates publish で公開してください。',
  },
  // updates of the app, as the plant’s PC sees them
  'updates/unreachable': {
    isRetryable: true,
    en: 'The aggregator could not be asked for updates. Check the network; Genba asks again by itself.',
    ja: '更新の有無を集約サーバーに確認できません。ネットワークを確認してください。Genbaは自動で確認し直します。',
  },
  'updates/busy': {
    isRetryable: true,
    en: 'Many PCs are fetching the update at this moment. Genba tries again by itself.',
    ja: '多くのパソコンが更新を取得中です。Genbaは自動でやり直します。',
  },
  'updates/bad-answer': {
    isRetryable: false,
    en: 'What the aggregator offers as an update does not fit this PC, or cannot be read. Genba goes on as it is; tell your IT.',
    ja: '集約サーバーが配布している更新は、このパソコンでは使えないか、読み取れません。Genbaはこのまま使えます。IT担当に知らせてください。',
  },
  'updates/damaged': {
    isRetryable: true,
    en: 'The update that arrived is not the file that was announced, so it was thrown away and nothing was changed. Genba fetches it again; tell your IT if this comes back.',
    ja: '届いた更新が、配布元の示すファイルと一致しないため破棄しました。何も変更していません。自動で取得し直しますが、繰り返す場合はIT担当に知らせてください。',
  },
  'updates/not-signed': {
    isRetryable: false,
    en: 'The update is not signed by the publisher of Genba, so it was thrown away and nothing was changed. Tell your IT.',
    ja: '更新にGenbaの発行元の署名がないため破棄しました。何も変更していません。IT担当に知らせてください。',
  },
  'updates/not-installed': {
    isRetryable: true,
    en: 'The update was not installed; Genba goes on in the version that you have. Try again, or ask your IT to install it.',
    ja: '更新をインストールできませんでした。Genbaは今の版のまま使えます。もう一度試すか、IT担当にインストールを依頼してください。',
  },
  // operations of the aggregator: backup, restore, export and the like
  'operation/old-catalogue': {
    isRetryable: false,
    en: 'An older version of the program wrote this folder. Start the aggregator on it once, which brings it up to date.',
    ja: '以前の版が作成したフォルダーです。一度このフォルダーで集約サーバーを起動すると、新しい形式に更新されます。',
  },
  'operation/no-catalogue': {
    isRetryable: false,
    en: 'This folder is neither a data folder nor a backup of an aggregator. Check the path.',
    ja: 'このフォルダーは集約サーバーのデータフォルダーでもバックアップでもありません。場所を確認してください。',
  },
  'operation/unknown-task': {
    isRetryable: false,
    en: 'The data folder has no task with this id. Take one of those it names.',
    ja: 'データフォルダーにこのIDのタスクがありません。示されたIDから選んでください。',
  },
  'operation/version-not-kept': {
    isRetryable: false,
    en: 'The weights of this version are no longer kept. The command versions lists those that are.',
    ja: 'このバージョンの重みはもう保存されていません。versions コマンドで、保存されているバージョンを確認してください。',
  },
  'operation/no-description': {
    isRetryable: false,
    en: 'The data folder does not say what model this task has. Name the task file with --task-file.',
    ja: 'データフォルダーにこのタスクのモデルの記録がありません。--task-file でタスクファイルを指定してください。',
  },
  'operation/target-not-empty': {
    isRetryable: false,
    en: 'The target folder is not empty. Nothing was written; choose a new or empty folder.',
    ja: '書き込み先のフォルダーが空ではないため、何も書き込みませんでした。新しいフォルダーか空のフォルダーを指定してください。',
  },
  'operation/target-not-writable': {
    isRetryable: false,
    en: 'The target folder cannot be written. Check the path and that this account may write there.',
    ja: '書き込み先のフォルダーに書き込めません。場所と書き込み権限を確認してください。',
  },
  'operation/not-quarantined': {
    isRetryable: false,
    en: 'No update with this id is in quarantine. The command quarantine list shows those that are.',
    ja: 'この番号の更新は隔離されていません。quarantine list コマンドで、隔離中の更新を確認してください。',
  },
  'operation/unanswered': {
    isRetryable: true,
    en: 'The aggregator did not carry out the request in time. It was withdrawn and nothing was changed.',
    ja: '集約サーバーが時間内に処理できなかったため、依頼を取り下げました。何も変更されていません。',
  },
  'operation/busy': {
    isRetryable: true,
    en: 'The aggregator replaced its weights faster than they could be copied. Try again at a quieter time.',
    ja: '集約サーバーの重みの入れ替わりが速く、コピーが追いつきませんでした。混み合っていない時間にもう一度実行してください。',
  },
  'operation/unknown-device': {
    isRetryable: false,
    en: 'There is no such device or invitation. The command devices lists those there are.',
    ja: '該当する端末も招待もありません。devices コマンドで一覧を確認してください。',
  },
  'operation/never-served': {
    isRetryable: false,
    en: 'The aggregator has not served with enrolment from this folder yet. Start it once without --open-loopback.',
    ja: 'このフォルダーでは、登録制のサーバーをまだ起動していません。--open-loopback なしで一度起動してください。',
  },
  // models of a plant
  'model/not-available': {
    isRetryable: false,
    en: 'This model is not on this PC. Choose one of those that are shown.',
    ja: 'このモデルはこのPCにありません。表示されているモデルから選んでください。',
  },
  // labels
  'labels/folder-not-found': {
    isRetryable: true,
    en: 'The folder with the new pictures cannot be reached. Check its path, and whether its drive is connected.',
    ja: '新しい画像のフォルダーを開けません。場所と、ドライブが接続されているかを確認してください。',
  },
  'labels/folder-overlaps': {
    isRetryable: false,
    en: 'The folder with the new pictures must lie outside of the training data, and the training data outside of it. Choose another folder.',
    ja: '新しい画像のフォルダーと学習データのフォルダーは、互いの中に置けません。別のフォルダーを選んでください。',
  },
  'labels/no-classes': {
    isRetryable: false,
    en: 'This task has no pictures to put into classes, so there is nothing to label. Labels are for tasks about pictures, once this PC has received its task.',
    ja: 'このタスクには、ラベルを付ける画像がありません。ラベル付けは画像のタスクで、タスクを受け取ったあとに使えます。',
  },
  'labels/unknown-class': {
    isRetryable: false,
    en: 'The task does not know this class. Choose one of those that are shown.',
    ja: 'タスクにないクラスです。表示されているクラスから選んでください。',
  },
  'labels/file-not-writable': {
    isRetryable: true,
    en: 'The table of the labels could not be written. Close it in other programs, or choose another file.',
    ja: 'ラベルの一覧を書き込めません。ほかのプログラムで開いていれば閉じるか、別のファイルを指定してください。',
  },
  'labels/unknown-picture': {
    isRetryable: false,
    en: 'This picture is not in the folder with the new pictures any more. Look at the list anew.',
    ja: 'この画像は新しい画像のフォルダーにもうありません。一覧を更新してください。',
  },
  'labels/not-yours': {
    isRetryable: false,
    en: 'Somebody else has labelled this picture since. Only they can take that back, under their own name.',
    ja: 'この画像には、ほかの人があとからラベルを付けています。取り消せるのは、付けた本人だけです。本人の名前に切り替えてください。',
  },
  'labels/nothing-to-undo': {
    isRetryable: false,
    en: 'This label was taken back already. Nothing was changed: go on with the picture that is shown.',
    ja: 'このラベルはすでに取り消されています。何も変更していません。表示中の画像からそのまま続けてください。',
  },
  // judging
  'judging/no-model': {
    isRetryable: true,
    en: 'Nothing can be judged yet: this plant has no model. It comes with the first contact to the aggregator.',
    ja: 'まだ判定できません。この拠点にはモデルがありません。集約サーバーに初めて接続したときに届きます。',
  },
  'judging/not-found': {
    isRetryable: false,
    en: 'The file or folder to be judged was not found, or cannot be opened. Check its path.',
    ja: '判定するファイルまたはフォルダーが見つからないか、開けません。場所を確認してください。',
  },
  'judging/unreadable': {
    isRetryable: false,
    en: 'This cannot be judged: it is damaged, or it is no picture or table.',
    ja: '判定できません。ファイルが壊れているか、画像や表ではありません。',
  },
  'judging/mismatch': {
    isRetryable: false,
    en: 'This cannot be judged: it does not fit the task. A column is missing, a value is no number, or the task is about something else.',
    ja: '判定できません。タスクと合いません（列がない、数値でない、対象が違う、のいずれかです）。',
  },
  'judging/no-number': {
    isRetryable: true,
    en: 'The model gives no usable result for this. Its values may be far from all that it was trained on.',
    ja: 'モデルから判定結果が得られません。学習したデータと値が大きく違う可能性があります。',
  },
  'judging/unknown-class': {
    isRetryable: false,
    en: 'Good classes must be classes of the task, and at least one class must not be good.',
    ja: '良品のクラスは、タスクのクラスから選んでください。すべてのクラスを良品にすることはできません。',
  },
  'judging/other-file': {
    isRetryable: false,
    en: 'This file is something else than a table of results, and is left alone. Choose another file.',
    ja: 'このファイルは判定結果の表ではないため、書き込みません。別のファイルを指定してください。',
  },
  'judging/watched-already': {
    isRetryable: false,
    en: 'This is watched already, its table belongs to another watch, or there are eight watches. Stop one first.',
    ja: 'ここはすでに監視中か、結果の表がほかの監視で使われているか、監視が8件に達しています。先にどれかを止めてください。',
  },
  'judging/source-held': {
    isRetryable: true,
    en: 'Another program keeps a file from being read. It is tried again all the time, and nothing is left out.',
    ja: 'ほかのプログラムが使用中で、読めないファイルがあります。くり返し読み直すため、判定もれはありません。',
  },
  'judging/file-not-writable': {
    isRetryable: true,
    en: 'The table of the results could not be written. Close it in other programs, or choose another file.',
    ja: '判定結果の表を書き込めません。ほかのプログラムで開いていれば閉じるか、別のファイルを指定してください。',
  },
  'judging/not-all-judged': {
    isRetryable: false,
    en: 'Some of it could not be judged. The list says what, and why.',
    ja: '判定できなかったものがあります。対象と理由は一覧を確認してください。',
  },
  // predict
  'predict/unauthorised': {
    isRetryable: false,
    en: 'The request does not show the token. Send it as “Authorization: Bearer TOKEN”; genba-agent predict-token shows it.',
    ja: 'トークンが正しくありません。「Authorization: Bearer トークン」を付けて送ってください。トークンは genba-agent predict-token で表示できます。',
  },
  'predict/not-found': {
    isRetryable: false,
    en: 'There is nothing at this address. Predictions are asked for with POST /predict.',
    ja: 'このアドレスには何もありません。判定は POST /predict で依頼してください。',
  },
  'predict/bad-request': {
    isRetryable: false,
    en: 'The request cannot be understood. Send a picture, or JSON with “image”, “images” or “rows”.',
    ja: '依頼の内容を読み取れません。画像、または image・images・rows のいずれかを含むJSONを送ってください。',
  },
  'predict/too-large': {
    isRetryable: false,
    en: 'The request is too large. Send fewer or smaller pictures at a time.',
    ja: '依頼が大きすぎます。画像を小さくするか、枚数を減らして送ってください。',
  },
  'predict/busy': {
    isRetryable: true,
    en: 'Too many requests are being answered. Send this one again in a second.',
    ja: '処理中の依頼が多すぎます。1秒後にもう一度送ってください。',
  },
  // dataset
  'dataset/not-found': {
    isRetryable: false,
    en: 'The training data folder or file was not found. Check the path.',
    ja: '学習データのフォルダーまたはファイルが見つかりません。場所を確認してください。',
  },
  'dataset/unrecognised': {
    isRetryable: false,
    en: 'The training data is neither a folder of images by class, nor IDX files, nor a CSV file.',
    ja: '学習データの形式が分かりません。クラス別の画像フォルダー、IDXファイル、CSVファイルのいずれかにしてください。',
  },
  'dataset/mismatch': {
    isRetryable: false,
    en: 'The training data does not fit the task: its classes, columns or size differ.',
    ja: '学習データがタスクと合いません（クラス・列・サイズのいずれかが違います）。',
  },
  'dataset/too-small': {
    isRetryable: false,
    en: 'There are too few examples to train. Add more data.',
    ja: '学習に必要なデータが足りません。データを追加してください。',
  },
  'dataset/cancelled': {
    isRetryable: true,
    en: 'The data was not looked at to the end, because this was cancelled. Nothing has changed; look again when you like.',
    ja: 'データの確認を中止しました。設定は変わっていません。必要なときにもう一度確認してください。',
  },
  'dataset/not-read': {
    isRetryable: true,
    en: 'Values cannot be judged yet: this plant has not read its training data. Set the training data, and wait until it is read.',
    ja: 'まだ判定できません。この拠点の学習データが読み込まれていません。学習データを設定し、読み込みが終わるまでお待ちください。',
  },
  'dataset/damaged': {
    isRetryable: false,
    en: 'The training data could not be read. The file is damaged or cut short.',
    ja: '学習データを読み込めません。ファイルが壊れているか、途中で切れています。',
  },
  'check-set/unusable': {
    isRetryable: false,
    en: 'The check set cannot be used. It must be a folder with inputs and labels as IDX files that fit the task.',
    ja: '確認用データを使えません。タスクに合う入力とラベルのIDXファイルを、1つのフォルダーに入れてください。',
  },
  // trainer
  'trainer/no-backend': {
    isRetryable: false,
    en: 'No way to train was found on this PC. Send the log to your IT.',
    ja: 'このパソコンで学習を実行できませんでした。ログをIT担当に送ってください。',
  },
  'trainer/crashed': {
    isRetryable: true,
    en: 'The training process stopped unexpectedly and is started again. Finished rounds are safe.',
    ja: '学習プロセスが予期せず停止したため、再起動します。完了した学習は保存されています。',
  },
  'trainer/diverged': {
    isRetryable: true,
    en: 'Training went out of range (NaN or infinity). The round was discarded.',
    ja: '学習の値が発散しました。この回の学習結果は破棄しました。',
  },
  'trainer/cancelled': {
    isRetryable: true,
    en: 'The round was cancelled.',
    ja: 'この回の学習は取り消されました。',
  },
  // ledger
  'ledger/file-not-writable': {
    isRetryable: false,
    en: 'The table cannot be written there. Close it if it is open in another program, or choose another folder.',
    ja: '表をその場所に書き込めません。ほかのソフトで開いていれば閉じるか、別のフォルダーを指定してください。',
  },
  // local API
  'local/unauthorised': {
    isRetryable: false,
    en: 'The window may not talk to this agent. Open it again from the app.',
    ja: 'この画面からエージェントに接続できません。アプリから開き直してください。',
  },
  'local/not-running': {
    isRetryable: false,
    en: 'No agent runs for this data folder. Start it: it sends what waits by itself.',
    ja: 'このデータフォルダーのエージェントは動いていません。起動すると、待っている分を自動で送信します。',
  },
  // sending at once
  'sync/no-progress': {
    isRetryable: true,
    en: 'Nothing could be sent for ten minutes, so sending at once was given up. What waits is kept and sent in the hours for it. Check the network, or try again.',
    ja: '10分間送信が進まなかったため、今すぐの送信を取りやめました。待っている分は保管し、送信時間になったら自動で送信します。ネットワークを確認するか、もう一度実行してください。',
  },
  'internal/bug': {
    isRetryable: false,
    en: 'Something unexpected happened. Send the log to your IT.',
    ja: '予期しないエラーが起きました。ログをIT担当に送ってください。',
  },
} as const satisfies Record<string, ErrorEntry>;

/** The closed set of error codes. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** All codes, for schemas and for the test that compares them with the docs. */
export const ERROR_CODES = Object.keys(ERROR_CATALOGUE) as [ErrorCode, ...ErrorCode[]];
