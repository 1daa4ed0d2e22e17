import type { DoctorReport, VerdictReport } from '@genba/shared/local-api/doctor';
import { clockLayer } from './clock-layer.ts';
import { identityLayer } from './identity-layer.ts';
import { type Examined, examineLayers, type Layer } from './layer.ts';
import { nameLayer } from './name-layer.ts';
import { PC_LAYERS_IN_ORDER, type PcSubject } from './pc-layers.ts';
import { protocolLayer } from './protocol-layer.ts';
import { proxyLayer } from './proxy-layer.ts';
import { routeLayer } from './route-layer.ts';
import { tcpLayer } from './tcp-layer.ts';
import { tlsLayer } from './tls-layer.ts';
import { Way, type WayNetwork, type WaySubject } from './way.ts';
import { websocketLayer } from './websocket-layer.ts';

/** The layers of a way, in the order of `WAY_LAYERS`. */
const WAY_LAYERS_IN_ORDER: readonly Layer<Way>[] = [
  routeLayer,
  nameLayer,
  tcpLayer,
  proxyLayer,
  tlsLayer,
  websocketLayer,
  protocolLayer,
  clockLayer,
  identityLayer,
];

export interface Examination {
  readonly appVersion: string;
  readonly pc: PcSubject;
  /** In the order in which the agent tries them; none where nobody has set any. */
  readonly ways: readonly WaySubject[];
  readonly network: WayNetwork;
}

/** Examines this PC and its ways to the aggregator, until one is open. Changes nothing, here or there. Never throws. */
export async function examine({ appVersion, pc, ways, network }: Examination): Promise<DoctorReport> {
  const ofPc = await examineLayers(PC_LAYERS_IN_ORDER, pc);
  const tried: { readonly address: string; readonly examined: readonly Examined[] }[] = [];
  for (const subject of ways) {
    const examined = await examineWay(subject, network);
    tried.push({ address: subject.address, examined });
    if (!examined.some(({ isBlocked }) => isBlocked)) break;
  }
  return {
    at: network.now().toISOString(),
    appVersion,
    pc: ofPc.map(({ report }) => report),
    ways: tried.map(({ address, examined }) => ({ address, layers: examined.map(({ report }) => report) })),
    conclusion: conclude(ofPc, tried),
  };
}

async function examineWay(subject: WaySubject, network: WayNetwork): Promise<Examined[]> {
  const examined = await examineOnce(subject, network);
  const isKeyUnknown = examined.some(({ report }) => report.verdict === 'identity/unknown-key');
  if (!isKeyUnknown || subject.nextDevice === null) return examined;
  // The next key has taken over at the aggregator without this PC having heard. Shown first, it would be made to.
  return examineOnce({ ...subject, device: subject.nextDevice, nextDevice: null }, network);
}

async function examineOnce(subject: WaySubject, network: WayNetwork): Promise<Examined[]> {
  const way = new Way(subject, network);
  try {
    return await examineLayers(WAY_LAYERS_IN_ORDER, way);
  } finally {
    way.close();
  }
}

/** The first problem of the way that leads furthest, else of this PC. */
function conclude(
  ofPc: readonly Examined[],
  tried: readonly { readonly address: string; readonly examined: readonly Examined[] }[],
): VerdictReport {
  const [first, ...others] = tried;
  if (first === undefined) return { verdict: 'target/none', values: {} };
  const furthest = others.reduce((best, next) => (reachOf(next) > reachOf(best) ? next : best), first);
  const problem = [...furthest.examined, ...ofPc].find(({ failure }) => failure !== null);
  return problem?.failure ?? { verdict: 'well', values: { address: furthest.address } };
}

function reachOf({ examined }: { readonly examined: readonly Examined[] }): number {
  return examined.filter(({ isBlocked }) => !isBlocked).length;
}
