import type { Language } from '../errors/catalogue.ts';
import type { DoctorLayer, DoctorReport, LayerReport, Measure } from './doctor.ts';
import { doctorSentence } from './doctor-sentences.ts';

type Words = Readonly<Record<Language, string>>;

const LAYER_WORDS: Readonly<Record<DoctorLayer, Words>> = {
  'data-folder': { en: 'Data folder', ja: 'データフォルダー' },
  'disk-space': { en: 'Disk space', ja: 'ディスクの空き' },
  dataset: { en: 'Training data', ja: '学習データ' },
  route: { en: 'Way out', ja: '経路（プロキシ設定）' },
  name: { en: 'Name resolution', ja: '名前解決（DNS）' },
  tcp: { en: 'Connection (TCP)', ja: '接続（TCP）' },
  proxy: { en: 'Proxy', ja: 'プロキシ' },
  tls: { en: 'Encryption (TLS)', ja: '暗号化（TLS）' },
  websocket: { en: 'WebSocket', ja: 'WebSocket' },
  protocol: { en: 'Genba protocol', ja: 'Genba の通信規約' },
  clock: { en: 'Clock', ja: '時計' },
  identity: { en: 'Identity', ja: 'このパソコンの登録' },
};

const STATUS_WORDS: Readonly<Record<LayerReport['status'], Words>> = {
  passed: { en: 'ok', ja: '正常' },
  failed: { en: 'FAILED', ja: '異常' },
  skipped: { en: 'not needed', ja: '対象外' },
  'not-reached': { en: 'not reached', ja: '未確認' },
};

const MEASURE_WORDS: Readonly<Record<Measure, Words>> = {
  proxy: { en: 'proxy', ja: 'プロキシ' },
  source: { en: 'set by', ja: '設定元' },
  address: { en: 'address', ja: 'アドレス' },
  milliseconds: { en: 'connected in ms', ja: '接続時間（ミリ秒）' },
  'tls-version': { en: 'version', ja: 'バージョン' },
  issuer: { en: 'issued by', ja: '発行元' },
  'expected-issuer': { en: 'trusted', ja: '信頼する証明書' },
  'valid-until': { en: 'valid until', ja: '有効期限' },
  names: { en: 'made for', ja: '対象の名前' },
  fingerprint: { en: 'sha256 of the top certificate', ja: '最上位の証明書の sha256' },
  'http-status': { en: 'HTTP status', ja: 'HTTP状態コード' },
  'http-server': { en: 'answered by', ja: '応答元' },
  'aggregator-version': { en: 'aggregator', ja: '集約サーバーの版' },
  protocol: { en: 'version', ja: 'バージョン' },
  task: { en: 'task', ja: 'タスク' },
  'skew-seconds': { en: 'seconds ahead of the aggregator', ja: '集約サーバーより進んでいる秒数' },
  'key-id': { en: 'key', ja: '鍵' },
  'expires-at': { en: 'invitation valid until', ja: '招待の期限' },
  path: { en: 'path', ja: '場所' },
  'free-bytes': { en: 'bytes free', ja: '空き（バイト）' },
  kind: { en: 'found', ja: '内容' },
  code: { en: 'code', ja: 'コード' },
};

const TITLE: Words = { en: 'Genba connection doctor', ja: 'Genba 接続診断' };
const THIS_PC: Words = { en: 'This PC', ja: 'このパソコン' };
const FOR_IT: Words = { en: 'To read out to IT:', ja: 'IT担当に伝える文：' };

/** What a layer is called. */
export function layerName(layer: DoctorLayer, language: Language): string {
  return LAYER_WORDS[layer][language];
}

/** How a layer stands, in a word or two. */
export function layerStatus(status: LayerReport['status'], language: Language): string {
  return STATUS_WORDS[status][language];
}

/** What people read of an examination, in one language. */
export function reportText(report: DoctorReport, language: Language): string {
  const lines = [`${TITLE[language]} ${report.appVersion}  ${report.at}`, '', THIS_PC[language]];
  lines.push(...report.pc.map((layer) => layerLine(layer, language)));
  for (const { address, layers } of report.ways) {
    lines.push('', address, ...layers.map((layer) => layerLine(layer, language)));
  }
  lines.push('', FOR_IT[language], `  ${doctorSentence(report.conclusion, language)}`);
  return lines.join('\n');
}

function layerLine({ layer, status, durationMs, measured }: LayerReport, language: Language): string {
  const figures = measured.map(({ name, value }) => `${MEASURE_WORDS[name][language]} ${value}`);
  if (durationMs !== null) figures.push(`${durationMs} ms`);
  const [colon, comma] = language === 'ja' ? ['：', '、'] : [': ', ', '];
  const end = figures.length === 0 ? '' : `${colon}${figures.join(comma)}`;
  return `  [${STATUS_WORDS[status][language]}] ${LAYER_WORDS[layer][language]}${end}`;
}
