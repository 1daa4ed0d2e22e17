import type { ErrorCode } from '@genba/shared/errors/catalogue';

/** The command line itself is wrong: unknown option, missing value. */
export const EXIT_USAGE = 2;

/** Anything without a code of its own: a bug. */
export const EXIT_BUG = 1;

/** An operation was stopped by Ctrl+C: 128 and the number of SIGINT, as shells count. */
export const EXIT_INTERRUPTED = 130;

/** Why `genba-aggregator` did not start or did not do its work, as its exit code. Numbers are never reused. */
export const EXIT_CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  'task/invalid': 10,
  'task/changed': 11,
  'startup/port-in-use': 12,
  'startup/data-not-writable': 13,
  'startup/already-running': 14,
  'store/newer-database': 15,
  'startup/host-not-loopback': 16,
  'store/damaged': 17,
  'server/storage': 18,
  'operation/no-catalogue': 19,
  'operation/unknown-task': 20,
  'operation/version-not-kept': 21,
  'operation/no-description': 22,
  'operation/target-not-empty': 23,
  'operation/target-not-writable': 24,
  'operation/busy': 25,
  'startup/restore-incomplete': 26,
  'operation/old-catalogue': 27,
  'store/stopped': 28,
  'startup/tls-unreadable': 29,
  'startup/tls-mismatch': 30,
  'startup/tls-expired': 31,
  'startup/tls-names': 32,
  'operation/unknown-device': 33,
  'operation/never-served': 34,
  'operation/not-quarantined': 40,
  'operation/unanswered': 41,
  'check-set/unusable': 42,
  'exchange/not-found': 60,
  'exchange/damaged': 61,
  'exchange/newer-format': 62,
  'exchange/wrong-direction': 63,
  'exchange/bad-signature': 64,
  'exchange/other-aggregator': 65,
  'exchange/too-large': 70,
  'exchange/not-written': 71,
  'exchange/nothing-to-answer': 72,
  'exchange/certificate-needed': 73,
  'identity/code-unknown': 74,
  'identity/code-expired': 75,
  'identity/code-spent': 76,
  'identity/already-enrolled': 77,
  'identity/unknown-key': 78,
  'identity/revoked': 79,
  'identity/wrong-device': 80,
  'task/unknown': 81,
  'server/low-space': 82,
  'updates/unusable': 83,
  'updates/not-newer': 84,
  'updates/none': 85,
};

/** The exit code for an error; see {@link EXIT_CODES}. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[code] ?? EXIT_BUG;
}

/** The table of exit codes as `--help` shows it. */
export function exitCodeHelp(): string {
  const rows: [number, string][] = [
    [0, 'server stopped by SIGTERM or SIGINT, or command done'],
    [EXIT_BUG, 'internal/bug'],
    [EXIT_USAGE, 'wrong command line'],
    ...Object.entries(EXIT_CODES).map(([code, exitCode]): [number, string] => [exitCode, code]),
    [EXIT_INTERRUPTED, 'command stopped by Ctrl+C'],
  ];
  return ['Exit codes:', ...rows.map(([exitCode, text]) => `  ${String(exitCode).padEnd(4)}${text}`)].join(
    '\n',
  );
}
