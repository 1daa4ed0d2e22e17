import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';

/** What Node.js calls the failures that a person can do something about. */
const NAMED: Readonly<Record<string, ErrorCode>> = {
  CERT_HAS_EXPIRED: 'tls/expired',
  CERT_NOT_YET_VALID: 'tls/not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls/wrong-name',
};

/** OpenSSL's other verdicts on a chain (X509_V_ERR_…): it does not lead to the certificate that is trusted. */
const UNTRUSTED =
  /^(CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_(CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_MISMATCH|ERROR_IN_CERT_)/;

/** The handshake itself failed: no TLS, or none that both sides speak. */
const NO_TLS = /^(EPROTO$|ERR_SSL_|ERR_TLS_)/;

/**
 * What a failed connection says about the encryption; null when it is about the network, which is no problem but a
 * state.
 */
export function tlsProblem(error: NodeJS.ErrnoException): AppError | null {
  const { code = '', message } = error;
  const problem =
    NAMED[code] ?? (UNTRUSTED.test(code) ? 'tls/untrusted' : NO_TLS.test(code) ? 'tls/failed' : null);
  return problem === null ? null : new AppError(problem, { detail: `${code}: ${message}`, cause: error });
}

/**
 * What keeps a connection from coming about, as far as a person can do something about it: the way there says so itself,
 * or the encryption fails; null when it is only the network.
 * @param isProven whether the other end had proven who it is: a record that was damaged later is the network's doing
 */
export function connectionProblem(error: NodeJS.ErrnoException, isProven: boolean): AppError | null {
  if (error instanceof AppError) return error;
  return isProven ? null : tlsProblem(error);
}
