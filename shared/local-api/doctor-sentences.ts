import type { Language } from '../errors/catalogue.ts';

/**
 * What the connection doctor may conclude: one sentence each that staff can read out to IT. It says which layer fails
 * and what is to be changed, with address and port. Blanks stand in braces.
 */
const SENTENCES = {
  well: {
    en: 'Everything between this PC and the aggregator {address} is in order.',
    ja: 'このパソコンから集約サーバー {address} まで、すべて正常です。',
  },
  'target/none': {
    en: 'This PC does not know any aggregator yet: please send an invitation for it.',
    ja: 'このパソコンには集約サーバーがまだ設定されていません。招待を送ってください。',
  },
  'route/failed': {
    en: 'The proxy setting of this PC does not work ({code}: {detail}): please correct the proxy script or setting for connections to {host}, port {port}.',
    ja: 'このパソコンのプロキシ設定が機能していません（{code}：{detail}）。{host} のポート {port} への通信に使うプロキシスクリプトまたは設定を直してください。',
  },
  'name/unknown': {
    en: 'Name resolution fails: this PC’s DNS does not know {host}; please add the name to DNS or give an address that it knows (needed: {host}, TCP port {port}).',
    ja: '名前解決で止まっています。このパソコンのDNSに {host} が登録されていません。DNSに登録するか、解決できるアドレスを教えてください（必要な接続先：{host}、TCPポート {port}）。',
  },
  'name/no-answer': {
    en: 'Name resolution fails: no DNS server answers this PC when it asks for {host}; please check the network cable and the DNS servers of this PC.',
    ja: '名前解決で止まっています。{host} を問い合わせてもDNSサーバーから応答がありません。ネットワークケーブルと、このパソコンのDNSサーバーの設定を確認してください。',
  },
  'tcp/refused': {
    en: 'The connection is refused: {host} answers, but nothing listens on TCP port {port}; please start the aggregator or open that port in its firewall.',
    ja: '接続が拒否されました。{host} は応答しますが、TCPポート {port} で待ち受けているものがありません。集約サーバーを起動するか、ファイアウォールでそのポートを開けてください。',
  },
  'tcp/no-answer': {
    en: 'No connection comes about: {host} does not answer on TCP port {port}; please allow TCP from this PC to {host}, port {port}, in every firewall on the way.',
    ja: '接続できません。{host} のTCPポート {port} から応答がありません。途中のすべてのファイアウォールで、このパソコンから {host} のポート {port} へのTCP通信を許可してください。',
  },
  'tcp/no-route': {
    en: 'This PC has no way to {host}: please check its network cable, address and gateway (needed: {host}, TCP port {port}).',
    ja: 'このパソコンから {host} への経路がありません。ネットワークケーブル、IPアドレス、ゲートウェイを確認してください（必要な接続先：{host}、TCPポート {port}）。',
  },
  'proxy/unreachable': {
    en: 'The proxy {proxy} that this PC is to use cannot be reached; please correct the proxy setting of this PC or start the proxy.',
    ja: 'このパソコンが使うプロキシ {proxy} につながりません。パソコンのプロキシ設定を直すか、プロキシを起動してください。',
  },
  'proxy/no-answer': {
    en: 'The proxy {proxy} accepts connections but does not answer; please check it (this PC asks for CONNECT {host}:{port}).',
    ja: 'プロキシ {proxy} は接続を受け付けますが、応答しません。プロキシを確認してください（このパソコンの要求：CONNECT {host}:{port}）。',
  },
  'proxy/not-a-proxy': {
    en: 'What answers at {proxy} is not a proxy; please give the right address and port of the proxy for this PC.',
    ja: '{proxy} で応答したのはプロキシではありません。このパソコンが使うプロキシの正しいアドレスとポート番号を教えてください。',
  },
  'proxy/login': {
    en: 'The proxy {proxy} asks this PC for a login that it does not have or does not accept (status 407, {code}); please give a user and password, or let CONNECT {host}:{port} through without a login.',
    ja: 'プロキシ {proxy} がこのパソコンに認証を求めています（状態コード 407、{code}）。使えるユーザー名とパスワードを発行するか、CONNECT {host}:{port} を認証なしで通してください。',
  },
  'proxy/forbidden': {
    en: 'The proxy {proxy} refuses the connection; please allow CONNECT {host}:{port} for this PC there.',
    ja: 'プロキシ {proxy} が接続を拒否しました。このパソコンからの CONNECT {host}:{port} を許可してください。',
  },
  'proxy/cannot-connect': {
    en: 'The proxy {proxy} answers but does not get through to the aggregator; please let the proxy itself reach {host}, TCP port {port}.',
    ja: 'プロキシ {proxy} は応答しますが、集約サーバーにつながりません。プロキシから {host} のTCPポート {port} へ通信できるようにしてください。',
  },
  'proxy/untrusted': {
    en: 'The certificate of the proxy {proxy} itself is not trusted by this PC; please provide the certificate that signs it.',
    ja: 'プロキシ {proxy} 自体の証明書を、このパソコンでは確認できません。それを発行した認証局の証明書を渡してください。',
  },
  'tls/intercepted': {
    en: 'The encryption is opened on the way (TLS inspection): instead of the aggregator’s certificate one issued by “{issuer}” is presented; please exempt {host}, TCP port {port}, from TLS inspection.',
    ja: '途中の機器が暗号を解いています（TLS検査）。集約サーバーの証明書の代わりに「{issuer}」が発行した証明書が届いています。{host} のTCPポート {port} をTLS検査の対象外にしてください。',
  },
  'tls/expired': {
    en: 'The certificate that {host}, port {port}, presents was valid until {until}; please renew it, or correct the clock of this PC ({now}).',
    ja: '{host} のポート {port} の証明書は {until} で期限切れです。証明書を更新するか、このパソコンの時計（{now}）を直してください。',
  },
  'tls/not-yet-valid': {
    en: 'The certificate that {host}, port {port}, presents is not valid before {from}; please correct the clock of this PC ({now}) or the certificate.',
    ja: '{host} のポート {port} の証明書は {from} まで有効になりません。このパソコンの時計（{now}）または証明書を直してください。',
  },
  'tls/wrong-name': {
    en: 'The aggregator’s certificate is made for {names} and not for {host}; please add {host} to it (option --address of the aggregator) or invite this PC with a name that it holds.',
    ja: '集約サーバーの証明書は {names} 用で、{host} が含まれていません。証明書に {host} を加える（集約サーバーの --address）か、証明書にある名前で招待し直してください。',
  },
  'tls/old-version': {
    en: 'TLS 1.3 does not get through: what answers at {host}, port {port}, speaks {version} only and shows a certificate issued by “{issuer}”; please let TLS 1.3 pass to this address unopened.',
    ja: 'TLS 1.3 が通りません。{host} のポート {port} の応答は {version} だけで、証明書の発行元は「{issuer}」です。このアドレスへの TLS 1.3 を、開けずに通してください。',
  },
  'tls/no-tls': {
    en: 'What answers at {host}, port {port}, does not speak TLS; please check that this is the aggregator’s port and that no device on the way answers in its place.',
    ja: '{host} のポート {port} で応答したものは、暗号化（TLS）に対応していません。集約サーバーのポートで正しいか、途中の機器が代わりに応答していないかを確認してください。',
  },
  'tls/silent': {
    en: 'TCP port {port} of {host} accepts the connection but then says nothing; please check the aggregator there, and the firewalls on the way for filters on TLS.',
    ja: '{host} のTCPポート {port} は接続を受け付けますが、そのあと応答しません。集約サーバーと、途中のファイアウォールのTLSフィルターを確認してください。',
  },
  'tls/cut': {
    en: 'The connection to {host}, TCP port {port}, is cut as soon as encryption begins; please let TLS 1.3 to this address through in firewalls and filters on the way.',
    ja: '{host} のTCPポート {port} への接続が、暗号化を始めた時点で切られます。途中のファイアウォールやフィルターで、このアドレスへの TLS 1.3 を通してください。',
  },
  'websocket/stripped': {
    en: 'The aggregator at {host}, port {port}, is reached, but a reverse proxy or gateway on the way removes the WebSocket upgrade (status {status}); please let WebSocket (HTTP/1.1 Upgrade) pass for the path {path}.',
    ja: '{host} のポート {port} の集約サーバーには届きますが、途中のリバースプロキシなどが WebSocket への切り替えを取り除いています（状態コード {status}）。パス {path} の WebSocket（HTTP/1.1 Upgrade）を通してください。',
  },
  'websocket/other-server': {
    en: 'What answers at {host}, port {port}, is a web server but no Genba aggregator (status {status}, {server}); please give the aggregator’s address and port, or make this one lead to it.',
    ja: '{host} のポート {port} で応答したのは、Genba の集約サーバーではないウェブサーバーです（状態コード {status}、{server}）。集約サーバーのアドレスとポートを教えるか、このアドレスから集約サーバーへつながるようにしてください。',
  },
  'websocket/too-many': {
    en: 'The aggregator at {host}, port {port}, answers that too many attempts from this network failed lately (status 429); please wait {seconds} seconds and look in its log for the PC that fails.',
    ja: '{host} のポート {port} の集約サーバーが、このネットワークからの失敗が多すぎると応答しました（状態コード 429）。{seconds} 秒待ち、失敗しているパソコンを集約サーバーのログで確認してください。',
  },
  'websocket/silent': {
    en: 'Encryption to {host}, port {port}, works, but the WebSocket upgrade gets no answer; please check the aggregator and gateways on the way.',
    ja: '{host} のポート {port} との暗号化はできますが、WebSocket への切り替えに応答がありません。集約サーバーと途中のゲートウェイを確認してください。',
  },
  'protocol/version': {
    en: 'Genba on this PC ({mine}) and the aggregator at {host}, port {port}, speak different protocol versions; please update the older of the two.',
    ja: 'このパソコンの Genba（{mine}）と {host} のポート {port} の集約サーバーは、通信バージョンが合いません。古いほうを更新してください。',
  },
  'protocol/silent': {
    en: 'The connection to {host}, port {port}, stands, but the aggregator does not answer the greeting; please look at the aggregator’s log.',
    ja: '{host} のポート {port} にはつながりますが、集約サーバーが最初のあいさつに応答しません。集約サーバーのログを確認してください。',
  },
  'protocol/not-genba': {
    en: 'What answers at {host}, port {port}, does not keep to Genba’s protocol ({code}); please check that this address leads to the aggregator.',
    ja: '{host} のポート {port} の応答は、Genba の通信規約に合いません（{code}）。このアドレスが集約サーバーにつながっているか確認してください。',
  },
  'protocol/refused': {
    en: 'The aggregator at {host}, port {port}, refuses this PC’s greeting with {code}: {reason}',
    ja: '{host} のポート {port} の集約サーバーが、このパソコンのあいさつを {code} で拒否しました。{reason}',
  },
  'protocol/unprotected': {
    en: 'The aggregator at {host}, port {port}, lets PCs in without asking for their key, which this PC refuses; please start it without --open-loopback.',
    ja: '{host} のポート {port} の集約サーバーが鍵を確認せずに受け入れる設定のため、このパソコンからは使えません。--open-loopback なしで起動してください。',
  },
  'clock/wrong': {
    en: 'The clock of this PC is {minutes} minutes {direction} the aggregator {host}; please set it right or turn time synchronisation (NTP) on.',
    ja: 'このパソコンの時計が、集約サーバー {host} より {minutes} 分{direction}います。時計を合わせるか、時刻の自動同期（NTP）を有効にしてください。',
  },
  'identity/not-enrolled': {
    en: 'The network to {host}, port {port}, is in order, but this PC has not enrolled there; please send an invitation for it.',
    ja: '{host} のポート {port} までの通信は正常ですが、このパソコンは未登録です。招待を送ってください。',
  },
  'identity/unknown-key': {
    en: 'The network is in order, but the aggregator at {host}, port {port}, does not know the key {key} of this PC; please send a new invitation.',
    ja: '通信は正常ですが、{host} のポート {port} の集約サーバーに、このパソコンの鍵 {key} が登録されていません。新しい招待を送ってください。',
  },
  'identity/revoked': {
    en: 'The network is in order, but the key {key} of this PC was locked out of the aggregator at {host}, port {port}; if that is a mistake, please send a new invitation.',
    ja: '通信は正常ですが、このパソコンの鍵 {key} は {host} のポート {port} の集約サーバーで利用を止められています。誤りであれば、新しい招待を送ってください。',
  },
  'identity/key-lost': {
    en: 'The network is in order, but the private key {key} of this PC is missing or damaged; please revoke it at the aggregator {host} and send a new invitation.',
    ja: '通信は正常ですが、このパソコンの秘密鍵 {key} が見つからないか壊れています。集約サーバー {host} で失効させ、新しい招待を送ってください。',
  },
  'identity/intercepted': {
    en: 'Something between this PC and {host}, port {port}, opens the encryption although it shows the right certificate; please let TLS to this address pass through unopened (no reverse proxy that ends TLS).',
    ja: '正しい証明書が届いていますが、このパソコンと {host} のポート {port} の間で暗号が解かれています。TLSを終端するリバースプロキシなどを使わず、開けずに通してください。',
  },
  'identity/refused': {
    en: 'The network is in order, but the aggregator at {host}, port {port}, refuses this PC with {code}: {reason}',
    ja: '通信は正常ですが、{host} のポート {port} の集約サーバーが、このパソコンを {code} で拒否しました。{reason}',
  },
  'identity/invitation-expired': {
    en: 'The network to {host}, port {port}, is in order, but the invitation was valid until {until} only; please send a new one.',
    ja: '{host} のポート {port} までの通信は正常ですが、招待の期限が {until} で切れています。新しい招待を送ってください。',
  },
  'data-folder/not-writable': {
    en: 'The account {account} on this PC cannot write to {path} ({code}); please give it the right to change files there.',
    ja: 'このパソコンのアカウント {account} は {path} に書き込めません（{code}）。変更の権限を与えてください。',
  },
  'disk-space/low': {
    en: 'The disk of this PC that holds {path} has only {free} left; please free some space, {needed} at least.',
    ja: 'このパソコンの {path} があるディスクの空きが {free} しかありません。{needed} 以上の空きを作ってください。',
  },
  'dataset/unreadable': {
    en: 'The training data {path} cannot be read by the account {account} ({code}); please check that it is there and that this account may read it.',
    ja: 'アカウント {account} では学習データ {path} を読み込めません（{code}）。存在するか、読み取りの権限があるかを確認してください。',
  },
} as const satisfies Record<string, Readonly<Record<Language, string>>>;

export type DoctorVerdict = keyof typeof SENTENCES;

/** Every verdict there is. */
export const DOCTOR_VERDICTS = Object.keys(SENTENCES) as [DoctorVerdict, ...DoctorVerdict[]];

/**
 * The sentence of a verdict, for people.
 * @param values what its blanks stand for, by name; a blank nobody filled shows as a question mark
 */
export function doctorSentence(
  { verdict, values }: { readonly verdict: DoctorVerdict; readonly values: Readonly<Record<string, string>> },
  language: Language,
): string {
  return SENTENCES[verdict][language].replace(/\{([\w-]+)\}/g, (_, name: string) => {
    // What differs by language, such as a sentence of the error catalogue, comes in both.
    return values[`${name}-${language}`] ?? values[name] ?? '?';
  });
}

/** The names of the blanks in a verdict's sentence. */
export function blanksOf(verdict: DoctorVerdict, language: Language): string[] {
  return [...SENTENCES[verdict][language].matchAll(/\{([\w-]+)\}/g)].map(([, name]) => name!);
}
