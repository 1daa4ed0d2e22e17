import type { ErrorCode } from '@genba/shared/errors/catalogue';

/** The command line itself is wrong: unknown option, impossible value. */
export const EXIT_USAGE = 2;

/** Anything without a code of its own: a bug. */
export const EXIT_BUG = 1;

/** Why `genba-agent` did not start or did not do its work, as its exit code; docs/ERRORS.md lists them. Numbers are never reused. */
export const EXIT_CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  'startup/port-in-use': 3,
  'startup/data-not-writable': 4,
  'startup/already-running': 5,
  'store/newer-database': 6,
  'tls/required': 7,
  'store/disk-full': 8,
  'identity/not-enrolled': 9,
  'identity/key-lost': 10,
  'invitation/not-found': 11,
  'invitation/broken': 12,
  'invitation/newer-version': 13,
  'invitation/expired': 14,
  'enrolment/unreachable': 15,
  'enrolment/other-task': 16,
  'tls/other-certificate': 17,
  'tls/untrusted': 18,
  'tls/expired': 19,
  'tls/not-yet-valid': 20,
  'tls/wrong-name': 21,
  'tls/failed': 22,
  'identity/code-unknown': 23,
  'identity/code-expired': 24,
  'identity/code-spent': 25,
  'identity/already-enrolled': 26,
  'identity/channel-mismatch': 27,
  'identity/revoked': 28,
  'task/unknown': 29,
  'task/changed': 30,
  'startup/agent-hangs': 31,
  'doctor/problem-found': 32,
  'ledger/file-not-writable': 33,
  'labels/file-not-writable': 34,
  'judging/no-model': 35,
  'judging/not-all-judged': 36,
  'dataset/not-read': 37,
  'judging/file-not-writable': 38,
  'judging/unknown-class': 39,
  'task/invalid': 40,
  'dataset/not-found': 41,
  'dataset/unrecognised': 42,
  'dataset/mismatch': 43,
  'dataset/damaged': 44,
  'dataset/too-small': 45,
  'operation/target-not-empty': 46,
  'operation/target-not-writable': 47,
  'exchange/not-found': 60,
  'exchange/damaged': 61,
  'exchange/newer-format': 62,
  'exchange/wrong-direction': 63,
  'exchange/bad-signature': 64,
  'exchange/other-aggregator': 65,
  'exchange/other-device': 66,
  'exchange/older-reply': 67,
  'exchange/unknown-update': 68,
  'exchange/nothing-to-send': 69,
  'exchange/too-large': 70,
  'exchange/not-written': 71,
  'proxy/bad-setting': 80,
  'proxy/bad-authority': 81,
  'proxy/unreachable': 82,
  'proxy/no-answer': 83,
  'proxy/bad-answer': 84,
  'proxy/login-needed': 85,
  'proxy/login-refused': 86,
  'proxy/login-unsupported': 87,
  'proxy/forbidden': 88,
  'proxy/cannot-connect': 89,
  'proxy/untrusted': 90,
  'proxy/unsupported': 91,
  'proxy/script-unreachable': 92,
  'proxy/script-broken': 93,
  'local/not-running': 100,
  'sync/no-progress': 101,
};

/** The exit code for an error; see {@link EXIT_CODES}. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[code] ?? EXIT_BUG;
}

/** The error behind an exit code; null is the end by a signal. */
export function problemOf(exitCode: number | null): ErrorCode {
  const known = Object.entries(EXIT_CODES).find(([, number]) => number === exitCode);
  return known === undefined ? 'internal/bug' : (known[0] as ErrorCode);
}

/** The table of exit codes as `--help` shows it. */
export function exitCodeHelp(): string {
  const rows: [number, string][] = [
    [0, 'agent stopped by SIGTERM or SIGINT, or command done'],
    [EXIT_BUG, 'internal/bug and any other'],
    [EXIT_USAGE, 'wrong command line'],
    ...Object.entries(EXIT_CODES).map(([code, exitCode]): [number, string] => [exitCode, code]),
  ];
  return ['Exit codes:', ...rows.map(([exitCode, text]) => `  ${String(exitCode).padEnd(4)}${text}`)].join(
    '\n',
  );
}
