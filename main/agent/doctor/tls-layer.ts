import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { tlsProblem } from '../sync/tls-problem.ts';
import { codeOf, TOO_LATE } from './in-time.ts';
import { type Finding, failed, type Layer, type Measured, passed, skipped } from './layer.ts';
import { digestOf, issuerOf, namesOf, presentedChain, subjectOf } from './presented-chain.ts';
import { anchored, tlsHandshake } from './tls-handshake.ts';
import type { Way } from './way.ts';

/**
 * Whether encryption comes about, and with whom: an enrolled PC trusts one certificate and no other, so a device that
 * opens the encryption on the way shows by the name on its own certificate. Nothing is said on the connection before
 * the chain is verified.
 */
export const tlsLayer: Layer<Way> = {
  layer: 'tls',
  async examine(way) {
    if (!way.isEncrypted) return skipped();
    const { trust } = way.subject;
    let socket: TLSSocket;
    try {
      socket = await tlsHandshake(way, way.socket!, trust.kind === 'anchor' ? anchored(trust.pem) : {});
    } catch (thrown) {
      return explainFailure(way, thrown as NodeJS.ErrnoException);
    }
    const chain = presentedChain(socket);
    const found = { ...measuredOf(socket, chain), ...expected(trust) };
    if (trust.kind === 'fingerprint') {
      const anchor = chain.find((certificate) => digestOf(certificate) === trust.sha256);
      if (anchor === undefined) return intercepted(way, chain, found);
      return examineAnchored(way, anchor.toString());
    }
    return verdictOn(way, socket, found);
  },
};

/** The same again, now that it is known which certificate is to be trusted. */
async function examineAnchored(way: Way, pem: string): Promise<Finding> {
  try {
    way.anchor = pem;
    const socket = await tlsHandshake(way, await way.open(), anchored(pem));
    const found = measuredOf(socket, presentedChain(socket));
    return verdictOn(way, socket, { ...found, ...expected({ kind: 'anchor', pem }) });
  } catch (thrown) {
    return explainFailure(way, thrown as NodeJS.ErrnoException);
  }
}

function measuredOf(socket: TLSSocket, chain: readonly X509Certificate[]): Measured {
  const [own] = chain;
  if (own === undefined) return { 'tls-version': socket.getProtocol() ?? '?' };
  return {
    'tls-version': socket.getProtocol() ?? '?',
    issuer: issuerOf(own),
    names: namesOf(own),
    'valid-until': own.validToDate.toISOString(),
    fingerprint: digestOf(chain.at(-1)!),
  };
}

function expected(trust: Way['subject']['trust']): Measured {
  return trust.kind === 'anchor' ? { 'expected-issuer': subjectOf(new X509Certificate(trust.pem)) } : {};
}

function verdictOn(way: Way, socket: TLSSocket, found: Measured): Finding {
  const chain = presentedChain(socket);
  way.secure = socket;
  // Nobody has said whom to trust: it is shown whose certificate came.
  if (way.subject.trust.kind === 'unknown') return passed(found);
  if (socket.authorized) return passed(found);
  const { authorizationError } = socket;
  // Node.js gives OpenSSL's name of the problem here, whatever its types say.
  const code = `${(authorizationError as unknown as NodeJS.ErrnoException).code ?? authorizationError}`;
  const measured = { ...found, code };
  const values = { ...way.values, now: way.network.now().toISOString() };
  switch (tlsProblem(Object.assign(new Error(code), { code }))?.code) {
    case 'tls/expired': {
      const until = earliest(chain.map(({ validToDate }) => validToDate));
      return failed('tls/expired', { ...values, until }, measured);
    }
    case 'tls/not-yet-valid': {
      const from = latest(chain.map(({ validFromDate }) => validFromDate));
      return failed('tls/not-yet-valid', { ...values, from }, measured);
    }
    case 'tls/wrong-name':
      return failed('tls/wrong-name', { ...values, names: namesOf(chain[0]!) }, measured);
    default:
      return intercepted(way, chain, measured);
  }
}

function earliest(dates: readonly Date[]): string {
  return new Date(Math.min(...dates.map(Number))).toISOString();
}

function latest(dates: readonly Date[]): string {
  return new Date(Math.max(...dates.map(Number))).toISOString();
}

function intercepted(way: Way, [own]: readonly X509Certificate[], measured: Measured): Finding {
  return failed(
    'tls/intercepted',
    { ...way.values, issuer: own === undefined ? '?' : issuerOf(own) },
    measured,
  );
}

/** No handshake: what else answers there? */
async function explainFailure(way: Way, error: NodeJS.ErrnoException): Promise<Finding> {
  const code = codeOf(error);
  if (code === TOO_LATE) return failed('tls/silent', way.values, { code });
  if (tlsProblem(error) === null) return failed('tls/cut', way.values, { code });
  const old = await olderHandshake(way);
  if (old === null) return failed('tls/no-tls', way.values, { code });
  const chain = presentedChain(old);
  const version = old.getProtocol() ?? '?';
  const issuer = chain[0] === undefined ? '?' : issuerOf(chain[0]);
  return failed('tls/old-version', { ...way.values, version, issuer }, { ...measuredOf(old, chain), code });
}

/** Whether something answers that knows older versions only; only to name it, nothing is said there. */
async function olderHandshake(way: Way): Promise<TLSSocket | null> {
  try {
    const options = { minVersion: 'TLSv1', maxVersion: 'TLSv1.2' } as const;
    return await tlsHandshake(way, await way.open(), options);
  } catch {
    return null;
  }
}
