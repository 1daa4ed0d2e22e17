import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { AppError } from '@genba/shared/errors/app-error';
import type { Dial } from '../network/dial.ts';
import { beginTls, CONNECT_DEADLINE_MS, endpointOf } from '../sync/target.ts';
import { tlsProblem } from '../sync/tls-problem.ts';

/** Longest chain that is looked through. */
const MAX_CHAIN_LENGTH = 10;

/**
 * Asks a server for its certificates and picks the one that the invitation names. Nothing is trusted on this
 * connection, and nothing is sent; that the certificate is the right one rests on its digest alone.
 * @param server `wss://HOST:PORT`
 * @param certificate sha256 of the wanted certificate's DER, in hexadecimal
 * @param dial opens the connection
 * @returns the certificate, PEM
 * @throws AppError `tls/other-certificate`, `tls/failed`, `enrolment/unreachable`, `proxy/…`
 */
export async function presentedAnchor(
  server: string,
  { certificate, dial }: { readonly certificate: string; readonly dial: Dial },
): Promise<string> {
  const endpoint = endpointOf(server);
  const connection = await dial(endpoint).catch((thrown) => {
    throw thrown instanceof AppError ? thrown : unreachable(server, thrown as Error);
  });
  const socket = beginTls(connection, endpoint, { rejectUnauthorized: false });
  socket.setTimeout(CONNECT_DEADLINE_MS);
  try {
    await secured(socket, server);
    const wanted = Buffer.from(certificate, 'hex');
    const found = chainOf(socket).find((der) =>
      timingSafeEqual(createHash('sha256').update(der).digest(), wanted),
    );
    if (found === undefined) throw new AppError('tls/other-certificate', { detail: seen(socket, server) });
    return new X509Certificate(found).toString();
  } finally {
    socket.destroy();
  }
}

function secured(socket: TLSSocket, server: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      reject(tlsProblem(error) ?? unreachable(server, error));
    };
    socket.once('secureConnect', resolve);
    socket.on('error', fail);
    socket.once('timeout', () => fail(new Error('no answer in time')));
    socket.once('close', () => fail(new Error('closed')));
  });
}

function unreachable(server: string, cause: NodeJS.ErrnoException): AppError {
  const detail = `${server}: ${cause.code ?? cause.message}`;
  return new AppError('enrolment/unreachable', { detail, cause });
}

/** The certificates that came, the server's own first. */
function chainOf(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < MAX_CHAIN_LENGTH) {
    chain.push(next.raw);
    // A certificate that signed itself is its own issuer.
    if (next.issuerCertificate === next) break;
    next = next.issuerCertificate;
  }
  return chain;
}

/** Who signed what came instead: the name of an inspecting device tells IT where to look. */
function seen(socket: TLSSocket, server: string): string {
  const { issuer } = socket.getPeerCertificate();
  const names = [issuer?.O, issuer?.CN].flat().filter((name) => name !== undefined);
  return `${server}, certificate issued by ${names.join(', ').slice(0, 200) || 'nobody named'}`;
}
