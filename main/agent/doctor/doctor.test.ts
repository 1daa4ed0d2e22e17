import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { type DoctorReport, doctorReportSchema, isWell, WAY_LAYERS } from '@genba/shared/local-api/doctor';
import { reportText } from '@genba/shared/local-api/doctor-report-text';
import {
  blanksOf,
  DOCTOR_VERDICTS,
  type DoctorVerdict,
  doctorSentence,
} from '@genba/shared/local-api/doctor-sentences';
import type { Task } from '@genba/shared/model/task';
import { AGENT_CAPABILITIES, EXAMINE } from '@genba/shared/protocol/capabilities';
import type { ServerMessage } from '@genba/shared/protocol/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { DeviceKey } from '../identity/device-key.ts';
import type { Route } from '../network/route.ts';
import {
  fingerprintOf,
  issue,
  makeAuthority,
  type ServerCredentials,
  toPem,
} from '../testing/certificates.ts';
import {
  babblingPort,
  closedPort,
  cuttingPort,
  oldWebServer,
  proxy,
  silentPort,
  webServer,
  webSocketServer,
} from '../testing/faults.ts';
import { TEST_TASK, TestAggregator } from '../testing/test-aggregator.ts';
import { examine } from './examine.ts';
import { LEAST_FREE_BYTES, type PcSubject } from './pc-layers.ts';
import { tcpVerdict } from './tcp-layer.ts';
import { type DeviceFacts, systemLookup, type WayNetwork, type WaySubject } from './way.ts';

const HOUR_MS = 3_600_000;
const CLIENT_ID = '11111111-1111-4111-8111-111111111111';

const authority = makeAuthority('Genba 集約サーバー');
/** Of a firewall that opens the encryption on the way. */
const inspector = makeAuthority('全社ファイアウォール CA');
const credentials = issue([authority]);
const anchor = { kind: 'anchor', pem: toPem(authority.certificate) } as const;

/** What one case changes of a PC and a network in which all is well. */
interface Stage {
  /** Port that is examined; the aggregator's where it is not given. */
  readonly port?: number;
  readonly subject?: Partial<WaySubject>;
  readonly network?: Partial<WayNetwork>;
  readonly pc?: Partial<PcSubject>;
  readonly ways?: readonly WaySubject[];
}

/** An enrolled PC, its aggregator, and all that lies between them. */
class Scene {
  readonly aggregator: TestAggregator;
  readonly key = DeviceKey.create();
  readonly device: DeviceFacts;

  static async open(given: ServerCredentials = credentials): Promise<Scene> {
    const aggregator = await TestAggregator.start(given);
    onTestFinished(() => aggregator.close());
    return new Scene(aggregator);
  }

  private constructor(aggregator: TestAggregator) {
    this.aggregator = aggregator;
    const { keyId } = this.key;
    const taskId = TEST_TASK.id;
    this.device = { clientId: CLIENT_ID, plantName: '仙台', taskId, keyId, key: this.key };
    aggregator.devices.push({ clientId: CLIENT_ID, keyId, nextKeyId: null, isRevoked: false });
  }

  examine({ port = this.aggregator.port, subject, network, pc, ways }: Stage = {}): Promise<DoctorReport> {
    const way: WaySubject = {
      address: `wss://127.0.0.1:${port}`,
      trust: anchor,
      device: this.device,
      nextDevice: null,
      invitationUntil: null,
      ...subject,
    };
    return examine({
      appVersion: '0.0.0',
      pc: { dataFolder: temporaryFolder().root, dataset: null, leastFreeBytes: LEAST_FREE_BYTES, ...pc },
      ways: ways ?? [way],
      network: {
        routesTo: async () => [{ proxy: null, login: null, source: 'setting' }],
        proxyAuthorities: () => null,
        lookup: systemLookup,
        deadlineMs: 1_500,
        now: () => new Date(),
        ...network,
      },
    });
  }
}

const through = (port: number, scheme: 'http' | 'https' = 'http'): Partial<WayNetwork> => {
  const route: Route = { proxy: { scheme, host: '127.0.0.1', port }, login: null, source: 'system' };
  return { routesTo: async () => [route] };
};
const failingLookup = (code: string): Partial<WayNetwork> => ({
  lookup: () => Promise.reject(Object.assign(new Error(code), { code })),
});
const named = (host: string): Partial<WaySubject> => ({ address: `wss://${host}:443` });
const error = (code: Extract<ServerMessage, { type: 'error' }>['code']) =>
  JSON.stringify({ type: 'error', code, about: 'hello', retry: false, detail: null });
const challenge = () =>
  JSON.stringify({
    type: 'challenge',
    nonce: Buffer.alloc(32).toString('base64url'),
    serverTime: new Date().toISOString(),
  });
/** Asks for the key, and says this to whatever is shown. */
const refusing = (code: Parameters<typeof error>[0]) => {
  const asked = new WeakSet<WebSocket>();
  return webSocketServer(credentials, (socket) => {
    socket.send(asked.has(socket) ? error(code) : challenge());
    asked.add(socket);
  });
};
const HEALTH = JSON.stringify({ status: 'ok', version: '0.1.0', protocol: 1, security: 'enrolled' });

/** Each fault, really made on loopback, with the layer that must fail and what must be said of it. */
const FAULTS: readonly [
  fault: string,
  layer: (typeof WAY_LAYERS)[number],
  verdict: DoctorVerdict,
  stage: (scene: Scene) => Stage | Promise<Stage>,
][] = [
  [
    'a proxy script that cannot be fetched',
    'route',
    'route/failed',
    () => ({
      network: {
        routesTo: () => Promise.reject(new AppError('proxy/script-unreachable', { detail: 'http://wpad/' })),
      },
    }),
  ],
  [
    'a name that nobody knows',
    'name',
    'name/unknown',
    () => ({
      subject: named('genba.invalid'),
      network: failingLookup('ENOTFOUND'),
    }),
  ],
  [
    'no DNS server',
    'name',
    'name/no-answer',
    () => ({
      subject: named('genba.invalid'),
      network: failingLookup('EAI_AGAIN'),
    }),
  ],
  [
    'a DNS server that is silent',
    'name',
    'name/no-answer',
    () => ({
      subject: named('genba.invalid'),
      network: { lookup: () => new Promise(() => undefined), deadlineMs: 50 },
    }),
  ],
  ['a closed port', 'tcp', 'tcp/refused', async () => ({ port: await closedPort() })],
  [
    'a proxy that is not there',
    'tcp',
    'proxy/unreachable',
    async () => ({
      network: through(await closedPort()),
    }),
  ],
  [
    'a proxy that is silent',
    'proxy',
    'proxy/no-answer',
    async () => ({ network: through(await silentPort()) }),
  ],
  [
    'a port of something else as the proxy',
    'proxy',
    'proxy/not-a-proxy',
    async () => ({
      network: through(await babblingPort('SSH-2.0-OpenSSH\r\n')),
    }),
  ],
  [
    'a proxy that wants a login (407)',
    'proxy',
    'proxy/login',
    async () => ({
      network: through(
        await proxy({ refusal: '407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"' }),
      ),
    }),
  ],
  [
    'a proxy that refuses (403)',
    'proxy',
    'proxy/forbidden',
    async () => ({
      network: through(await proxy({ refusal: '403 Forbidden' })),
    }),
  ],
  [
    'a proxy that does not get through (502)',
    'proxy',
    'proxy/cannot-connect',
    async () => ({
      network: through(await proxy({ refusal: '502 Bad Gateway' })),
    }),
  ],
  [
    'a proxy with a certificate of its own',
    'proxy',
    'proxy/untrusted',
    async () => ({
      network: through(await webServer(issue([inspector]), () => undefined), 'https'),
    }),
  ],
  ['a port that accepts and is silent', 'tls', 'tls/silent', async () => ({ port: await silentPort() })],
  ['a filter that cuts TLS', 'tls', 'tls/cut', async () => ({ port: await cuttingPort() })],
  [
    'a port without TLS',
    'tls',
    'tls/no-tls',
    async () => ({
      port: await babblingPort('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
    }),
  ],
  [
    'TLS inspection',
    'tls',
    'tls/intercepted',
    async () => ({
      port: await webServer(issue([inspector]), () => undefined),
    }),
  ],
  [
    'TLS inspection at the invitation',
    'tls',
    'tls/intercepted',
    async () => ({
      port: await webServer(issue([inspector]), () => undefined),
      subject: { trust: { kind: 'fingerprint', sha256: fingerprintOf(authority) }, device: null },
    }),
  ],
  [
    'a device that speaks TLS 1.2 only',
    'tls',
    'tls/old-version',
    async () => ({
      port: await oldWebServer(issue([inspector])),
    }),
  ],
  [
    'a certificate that has expired',
    'tls',
    'tls/expired',
    async () => {
      const [from, until] = [new Date(Date.now() - 2 * HOUR_MS), new Date(Date.now() - HOUR_MS)];
      return { port: await webServer(issue([authority], { from, until }), () => undefined) };
    },
  ],
  [
    'a certificate of tomorrow',
    'tls',
    'tls/not-yet-valid',
    async () => {
      const [from, until] = [new Date(Date.now() + HOUR_MS), new Date(Date.now() + 2 * HOUR_MS)];
      return { port: await webServer(issue([authority], { from, until }), () => undefined) };
    },
  ],
  [
    'a certificate for another name',
    'tls',
    'tls/wrong-name',
    async () => ({
      port: await webServer(issue([authority], { names: ['genba.example.co.jp'] }), () => undefined),
    }),
  ],
  [
    'a web server that answers 404',
    'websocket',
    'websocket/other-server',
    async () => ({
      port: await webServer(credentials, (_, response) => response.writeHead(404, { server: 'nginx' }).end()),
    }),
  ],
  [
    'a web server that answers 200',
    'websocket',
    'websocket/other-server',
    async () => ({
      port: await webServer(credentials, (_, response) => response.end('<title>Log in</title>')),
    }),
  ],
  [
    'a gateway that strips the upgrade',
    'websocket',
    'websocket/stripped',
    async () => ({
      port: await webServer(credentials, ({ url }, response) => {
        if (url === '/health') response.end(HEALTH);
        else response.writeHead(426).end();
      }),
    }),
  ],
  [
    'too many failed attempts (429)',
    'websocket',
    'websocket/too-many',
    async () => ({
      port: await webServer(credentials, (_, response) =>
        response.writeHead(429, { 'retry-after': '17' }).end(),
      ),
    }),
  ],
  [
    'an upgrade without an answer',
    'websocket',
    'websocket/silent',
    async () => ({
      port: await webServer(credentials, () => undefined),
    }),
  ],
  [
    'another protocol version',
    'protocol',
    'protocol/version',
    async () => ({
      port: await webSocketServer(credentials, (socket) =>
        socket.send(error('protocol/unsupported-version')),
      ),
    }),
  ],
  [
    'a greeting without an answer',
    'protocol',
    'protocol/silent',
    async () => ({
      port: await webSocketServer(credentials, () => undefined),
    }),
  ],
  [
    'another WebSocket program',
    'protocol',
    'protocol/not-genba',
    async () => ({
      port: await webSocketServer(credentials, (socket) => socket.send('{"hello":"world"}')),
    }),
  ],
  [
    'a refused greeting',
    'protocol',
    'protocol/refused',
    async () => ({
      port: await webSocketServer(credentials, (socket) => socket.send(error('server/too-many-requests'))),
    }),
  ],
  [
    'an aggregator that asks for no key',
    'protocol',
    'protocol/unprotected',
    ({ aggregator }) => {
      aggregator.isAsking = false;
      return {};
    },
  ],
  [
    'a clock that is off by an hour',
    'clock',
    'clock/wrong',
    ({ aggregator }) => {
      aggregator.now = () => new Date(Date.now() + HOUR_MS);
      return {};
    },
  ],
  ['a PC that has not enrolled', 'identity', 'identity/not-enrolled', () => ({ subject: { device: null } })],
  [
    'an unknown key',
    'identity',
    'identity/unknown-key',
    ({ aggregator }) => {
      aggregator.devices.length = 0;
      return {};
    },
  ],
  [
    'a revoked key',
    'identity',
    'identity/revoked',
    ({ aggregator }) => {
      aggregator.revoke(CLIENT_ID);
      return {};
    },
  ],
  [
    'a lost key',
    'identity',
    'identity/key-lost',
    ({ device }) => ({
      subject: { device: { ...device, key: new AppError('identity/key-lost') } },
    }),
  ],
  [
    'TLS that ends before the aggregator',
    'identity',
    'identity/intercepted',
    async () => ({
      port: await refusing('identity/channel-mismatch'),
    }),
  ],
  [
    'a key of another PC',
    'identity',
    'identity/refused',
    async () => ({
      port: await refusing('identity/wrong-device'),
    }),
  ],
  [
    'an invitation whose time is over',
    'identity',
    'identity/invitation-expired',
    () => ({
      subject: { device: null, invitationUntil: new Date(Date.now() - HOUR_MS).toISOString() },
    }),
  ],
];

/** A sentence that can be read out: nothing left blank. */
function expectSpoken({ conclusion }: DoctorReport): void {
  for (const language of ['en', 'ja'] as const) {
    for (const blank of blanksOf(conclusion.verdict, language)) {
      const value = conclusion.values[`${blank}-${language}`] ?? conclusion.values[blank];
      expect({ blank, value }).toEqual({ blank, value: expect.stringMatching(/./) });
    }
    expect(doctorSentence(conclusion, language)).not.toMatch(/[{}]|undefined/);
  }
}

describe('the connection doctor', () => {
  it.each(FAULTS)('finds %s: %s, %s', async (_, layer, verdict, stage) => {
    const scene = await Scene.open();
    const report = doctorReportSchema.parse(await scene.examine(await stage(scene)));
    const [way] = report.ways;
    const failing = way!.layers.filter(({ status }) => status === 'failed');
    expect(failing).toMatchObject([{ layer, verdict }]);
    expect(report.conclusion.verdict).toBe(verdict);
    expect(isWell(report)).toBe(false);
    expectSpoken(report);
    // What comes before is in order or not needed; what comes after was not looked at, unless the way is open.
    const at = WAY_LAYERS.indexOf(layer);
    const [before, after] = [way!.layers.slice(0, at), way!.layers.slice(at + 1)];
    expect(before.every(({ status }) => status === 'passed' || status === 'skipped')).toBe(true);
    const isOpen = verdict === 'clock/wrong';
    expect(after.every(({ status }) => status === (isOpen ? 'passed' : 'not-reached'))).toBe(true);
  });

  it('names the issuer of the certificate that came instead', async () => {
    const scene = await Scene.open(issue([inspector]));
    const { conclusion } = await scene.examine();
    expect(doctorSentence(conclusion, 'ja')).toContain('「全社ファイアウォール CA」');
    expect(doctorSentence(conclusion, 'en')).toContain(`TCP port ${scene.aggregator.port}`);
  });

  it('looks a name up for real', async () => {
    const scene = await Scene.open();
    const { conclusion } = await scene.examine({ subject: named('genba.invalid') });
    // Which of the two depends on whether this computer has a DNS server.
    expect(['name/unknown', 'name/no-answer']).toContain(conclusion.verdict);
  });

  it('says that all is well, and leaves the aggregator as it was', async () => {
    const scene = await Scene.open();
    const report = doctorReportSchema.parse(await scene.examine());
    expect(report.conclusion.verdict).toBe('well');
    expectSpoken(report);
    const statuses = Object.fromEntries(report.ways[0]!.layers.map(({ layer, status }) => [layer, status]));
    expect(statuses).toEqual({
      ...Object.fromEntries(WAY_LAYERS.map((layer) => [layer, 'passed'])),
      proxy: 'skipped',
    });
    // It greets, shows its key and leaves: nothing is offered, requested or announced.
    expect(scene.aggregator.heard.map(({ type }) => type)).toEqual(['hello', 'proof']);
    expect(scene.aggregator.heard[0]).toMatchObject({ capabilities: [...AGENT_CAPABILITIES, EXAMINE] });
    await expect.poll(() => scene.aggregator.connections).toBe(0);
  });

  it('says that this program is too old for the task, as the agent does', async () => {
    const scene = await Scene.open();
    const task = { ...TEST_TASK, model: { template: 'vit', depth: 3 } };
    scene.aggregator.task = task as unknown as Task;
    const { conclusion } = await scene.examine();
    expect(conclusion.verdict).toBe('identity/refused');
    expect(JSON.stringify(conclusion)).toContain(ERROR_CATALOGUE['task/app-too-old'].ja);
  });

  it('gets through a proxy, and says which', async () => {
    const scene = await Scene.open();
    const port = await proxy({ to: scene.aggregator.port });
    const report = await scene.examine({ network: through(port) });
    expect(report.conclusion.verdict).toBe('well');
    const tunnel = report.ways[0]!.layers.find(({ layer }) => layer === 'proxy')!;
    expect(tunnel).toMatchObject({ status: 'passed', measured: [{ value: `http://127.0.0.1:${port}` }] });
  });

  it('examines an invitation without using it', async () => {
    const scene = await Scene.open();
    const report = await scene.examine({
      subject: {
        trust: { kind: 'fingerprint', sha256: fingerprintOf(authority) },
        device: null,
        invitationUntil: new Date(Date.now() + HOUR_MS).toISOString(),
      },
    });
    expect(report.conclusion.verdict).toBe('well');
    expect(scene.aggregator.heard.map(({ type }) => type)).toEqual(['hello']);
  });

  it('shows the next key only where the aggregator has gone over to it', async () => {
    const scene = await Scene.open();
    const next = DeviceKey.create();
    const nextDevice = { ...scene.device, keyId: next.keyId, key: next };
    const [device] = scene.aggregator.devices;
    device!.nextKeyId = next.keyId;
    expect((await scene.examine({ subject: { nextDevice } })).conclusion.verdict).toBe('well');
    // The key in use was shown, so the aggregator did not go over to the next.
    expect(device).toMatchObject({ keyId: scene.key.keyId, nextKeyId: next.keyId });
    Object.assign(device!, { keyId: next.keyId, nextKeyId: null });
    expect((await scene.examine({ subject: { nextDevice } })).conclusion.verdict).toBe('well');
  });

  it('goes on to the next address, and tells of the one that leads furthest', async () => {
    const scene = await Scene.open();
    const closed = await closedPort();
    const way = (port: number): WaySubject => ({
      address: `wss://127.0.0.1:${port}`,
      trust: anchor,
      device: scene.device,
      nextDevice: null,
      invitationUntil: null,
    });
    const good = await scene.examine({ ways: [way(closed), way(scene.aggregator.port)] });
    expect(good.ways).toHaveLength(2);
    expect(good.conclusion.verdict).toBe('well');
    scene.aggregator.revoke(CLIENT_ID);
    const revoked = await scene.examine({ ways: [way(scene.aggregator.port), way(closed)] });
    expect(revoked.conclusion.verdict).toBe('identity/revoked');
  });
});

describe('what the doctor looks at on this PC', () => {
  it.each<[string, DoctorVerdict, () => Stage]>([
    [
      'a data folder that cannot be written',
      'data-folder/not-writable',
      () => ({ pc: { dataFolder: path.join(temporaryFolder().write('file', ''), '下') } }),
    ],
    ['a full disk', 'disk-space/low', () => ({ pc: { leastFreeBytes: Number.MAX_SAFE_INTEGER } })],
    [
      'training data that is not there',
      'dataset/unreadable',
      () => ({ pc: { dataset: path.join(temporaryFolder().root, '検査 画像') } }),
    ],
    ['no aggregator', 'target/none', () => ({ ways: [] })],
  ])('finds %s', async (_, verdict, stage) => {
    const scene = await Scene.open();
    const report = doctorReportSchema.parse(await scene.examine(stage()));
    expect(report.conclusion.verdict).toBe(verdict);
    expectSpoken(report);
  });
});

describe('failed attempts to connect', () => {
  it.each([
    ['ECONNREFUSED', 'tcp/refused'],
    ['EHOSTUNREACH', 'tcp/no-route'],
    ['ENETUNREACH', 'tcp/no-route'],
    ['ETIMEDOUT', 'tcp/no-answer'],
  ])('%s is %s', (code, verdict) => {
    expect(tcpVerdict(code)).toBe(verdict);
  });
});

it('has a fault for every verdict', () => {
  const elsewhere: DoctorVerdict[] = [
    ...(['well', 'target/none', 'tcp/no-route', 'tcp/no-answer'] as const),
    ...(['data-folder/not-writable', 'disk-space/low', 'dataset/unreadable'] as const),
  ];
  const shown = new Set([...FAULTS.map(([, , verdict]) => verdict), ...elsewhere]);
  expect([...DOCTOR_VERDICTS].filter((verdict) => !shown.has(verdict))).toEqual([]);
});

it('prints a report in both languages', async () => {
  const scene = await Scene.open();
  scene.aggregator.revoke(CLIENT_ID);
  const report = await scene.examine();
  const [en, ja] = [reportText(report, 'en'), reportText(report, 'ja')];
  expect(en).toMatch(
    /\[ok\] Encryption \(TLS\): .*\n.*\[FAILED\] Identity.*To read out to IT:\n {2}The network/s,
  );
  expect(ja).toMatch(
    /\[正常\] 暗号化（TLS）：.*\[異常\] このパソコンの登録.*IT担当に伝える文：\n {2}通信は正常/s,
  );
});
