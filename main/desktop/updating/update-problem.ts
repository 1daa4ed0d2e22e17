import { AppError } from '@genba/shared/errors/app-error';
import { ERROR_CODES, type ErrorCode } from '@genba/shared/errors/catalogue';
import { RELAY_PROBLEM_STATUS } from '@genba/shared/local-api/app-update';

/** The agent's answer in the words of electron-updater: `502 tls/untrusted`, `status 502: tls/untrusted`. */
const RELAYED = new RegExp(`\\b${RELAY_PROBLEM_STATUS}:? ([a-z]+/[a-z-]+)`);

/** What the updater calls a channel file that the aggregator does not have. */
const NOTHING_OFFERED = 'ERR_UPDATER_CHANNEL_FILE_NOT_FOUND';

const NAMED: Readonly<Record<string, ErrorCode>> = {
  ERR_CHECKSUM_MISMATCH: 'updates/damaged',
  ERR_UPDATER_INVALID_SIGNATURE: 'updates/not-signed',
  ENOSPC: 'store/disk-full',
  EDQUOT: 'store/disk-full',
};

/** On the way from the agent, which has ended or was cut. */
const NETWORK = /net::ERR_|aborted|socket|timed out|ECONN|cannot pipe/i;

/** Whether the aggregator simply offers no version for this system. */
export function isNothingOffered(thrown: unknown): boolean {
  return (thrown as { code?: unknown } | null)?.code === NOTHING_OFFERED;
}

/** Which problem of the catalogue a failed check or download was. */
export function updateProblem(thrown: unknown): ErrorCode {
  if (thrown instanceof AppError) return thrown.code;
  const { code = '', message = '' } = thrown as { code?: string; message?: string };
  const relayed = RELAYED.exec(message)?.[1];
  const known = ERROR_CODES.find((candidate) => candidate === relayed);
  return known ?? NAMED[code] ?? (NETWORK.test(message) ? 'updates/unreachable' : 'updates/bad-answer');
}
