import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { getCACertificates } from 'node:tls';
import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { tlsProblem } from '../sync/tls-problem.ts';
import { type ProxyLogin, type ProxyServer, proxyAddress } from './proxy-setting.ts';
import type { Endpoint } from './route.ts';

export interface TunnelOptions {
  readonly proxy: ProxyServer;
  /** Where the tunnel leads to. */
  readonly to: Endpoint;
  /** Sent only to a proxy that asks for it. */
  readonly login: ProxyLogin | null;
  /** Certificates, PEM, that a proxy reached over TLS may be signed by, beside those that this computer trusts. */
  readonly extraAuthorities: string | null;
  readonly deadlineMs: number;
}

/**
 * Opens a tunnel through a proxy (CONNECT, RFC 9110, section 9.3.6): what is sent on the socket arrives at the other
 * end as it is. Nothing that the proxy says counts as said by the other end.
 * @throws AppError `proxy/…`
 */
export async function openTunnel(options: TunnelOptions): Promise<Socket> {
  const { proxy, login } = options;
  const first = await ask(options, null);
  if (first.status !== 407) return accepted(first, options);
  first.socket.destroy();
  const schemes = schemesOf(first.response);
  if (schemes.length > 0 && !schemes.includes('basic')) {
    const detail = `${proxyAddress(proxy)}: ${schemes.join(', ')}`;
    throw new AppError('proxy/login-unsupported', { detail });
  }
  if (login === null) throw new AppError('proxy/login-needed', { detail: proxyAddress(proxy) });
  const second = await ask(options, login);
  if (second.status !== 407) return accepted(second, options);
  second.socket.destroy();
  throw new AppError('proxy/login-refused', { detail: proxyAddress(proxy) });
}

interface Answer {
  readonly status: number;
  readonly response: IncomingMessage;
  readonly socket: Socket;
}

function ask({ proxy, to, extraAuthorities, deadlineMs }: TunnelOptions, login: ProxyLogin | null) {
  const { host, port, scheme } = proxy;
  const target = `${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`;
  const headers = headersFor(target, login);
  const common = { method: 'CONNECT', host, port, path: target, agent: false, headers };
  const request =
    scheme === 'http'
      ? httpRequest(common)
      : httpsRequest({
          ...common,
          // Otherwise Node.js takes the other end's name, from the header, for that of the proxy.
          servername: isIP(host) === 0 ? host : '',
          ca: [...trusted(), ...(extraAuthorities === null ? [] : [extraAuthorities])],
        });
  return new Promise<Answer>((resolve, reject) => {
    let isConnected = false;
    const fail = (code: ErrorCode, reason: string, cause?: unknown) => {
      reject(new AppError(code, { detail: `${proxyAddress(proxy)}: ${reason}`, cause }));
      request.destroy();
    };
    const deadline = setTimeout(
      () => fail(isConnected ? 'proxy/no-answer' : 'proxy/unreachable', 'no answer in time'),
      deadlineMs,
    );
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        isConnected = true;
      });
    });
    request.once('connect', (response, socket, head) => {
      clearTimeout(deadline);
      if (head.byteLength > 0) socket.unshift(head);
      // Until somebody else listens: an error is followed by the end, which is what counts.
      socket.on('error', () => undefined);
      resolve({ status: response.statusCode!, response, socket: socket as Socket });
    });
    request.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      fail(problemOf(error, isConnected), error.code ?? error.message, error);
    });
    request.end();
  });
}

/** Which failure it was, before the proxy has answered. */
function problemOf(error: NodeJS.ErrnoException, isConnected: boolean): ErrorCode {
  if (tlsProblem(error) !== null) return 'proxy/untrusted';
  if (error.code?.startsWith('HPE_')) return 'proxy/bad-answer';
  return isConnected ? 'proxy/no-answer' : 'proxy/unreachable';
}

function headersFor(target: string, login: ProxyLogin | null): Record<string, string> {
  const headers = { Host: target, 'Proxy-Connection': 'keep-alive' };
  if (login === null) return headers;
  const credentials = Buffer.from(`${login.user}:${login.password}`, 'utf8').toString('base64');
  return { ...headers, 'Proxy-Authorization': `Basic ${credentials}` };
}

/** Who signs proxies' certificates: those that Node.js and the operating system trust. */
function trusted(): string[] {
  return [...getCACertificates('default'), ...getCACertificates('system')];
}

const QUOTED = /"(?:[^"\\]|\\.)*"/g;

/** The ways to log in that a proxy offers, lower case. */
function schemesOf({ headers }: IncomingMessage): string[] {
  const offered = [headers['proxy-authenticate'] ?? []].flat().join(', ').replace(QUOTED, '');
  return [...offered.matchAll(/(?:^|,)\s*([a-z][\w-]*)(?=\s|,|$)/gi)].map(([, scheme]) =>
    scheme!.toLowerCase(),
  );
}

/** The tunnel, if the proxy opened it. */
function accepted({ status, socket }: Answer, { proxy }: TunnelOptions): Socket {
  if (status >= 200 && status < 300) return socket;
  socket.destroy();
  throw new AppError(refusalOf(status), { detail: `${proxyAddress(proxy)}: status ${status}` });
}

function refusalOf(status: number): ErrorCode {
  // The proxy itself is willing but does not get through.
  if (status >= 500 && status < 600) return 'proxy/cannot-connect';
  return status >= 400 ? 'proxy/forbidden' : 'proxy/bad-answer';
}
