import { accessSync, constants } from 'node:fs';

/**
 * How many arenas glibc's malloc may have. Left to itself it gives threads that allocate at the same moment arenas of
 * their own, eight per core, and each keeps for ever what it once needed at most: memory grows with how threads happen
 * to meet, for days. It is read once, before a program begins; nothing can set it from within.
 */
export const ARENAS_VARIABLE = 'MALLOC_ARENA_MAX';

/**
 * Room for what the sessions' thread has just made, megabytes each half. Left to itself V8 doubles it again and again
 * while the thread is busy, to 128 MB over 2,000 clients that report, and never gives it back. It is fixed when the
 * program begins.
 */
const YOUNG_HALF_MB = 4;

/** What a server is to be started with. */
export const FLAT_MEMORY = {
  environment: { [ARENAS_VARIABLE]: '1' },
  nodeOptions: [`--min-semi-space-size=${YOUNG_HALF_MB}`, `--max-semi-space-size=${YOUNG_HALF_MB}`],
} as const;

/** A process, as far as it matters to whether it is started again. */
export interface Starting {
  readonly platform: NodeJS.Platform;
  readonly environment: NodeJS.ProcessEnv;
  /** What stands before the program on its command line. */
  readonly nodeOptions: readonly string[];
  /** What stands after it. */
  readonly parameters: readonly string[];
  /** Whether a parent talks to it over a channel, which would be lost. */
  readonly hasChannel: boolean;
}

/** Options that answer and end, where no command is named. */
const ANSWERING = ['-h', '--help', '-V', '--version'];

/**
 * Whether a server begins that has yet to get its settings. glibc is Linux's; other systems' allocators differ. Who has
 * set the variable, to whatever, has decided. A server that was started again has the variable and the options, and
 * either of them is enough: nothing can start it a third time.
 */
export function lacksFlatMemory(starting: Starting): boolean {
  const { platform, environment, nodeOptions, parameters, hasChannel } = starting;
  const [first] = parameters;
  // As commander takes it: without a command, and with options first, it is `serve`.
  const isServer = first === 'serve' || (first?.startsWith('-') === true && !ANSWERING.includes(first));
  const isMarked =
    environment[ARENAS_VARIABLE] !== undefined ||
    FLAT_MEMORY.nodeOptions.some((option) => nodeOptions.includes(option));
  return platform === 'linux' && isServer && !hasChannel && !isMarked;
}

/**
 * Gives a server the settings that keep its memory flat, by starting this very process again with them: the same id,
 * arguments, folder, input and output. Returns where there is nothing to do, and otherwise never.
 */
export function ensureFlatMemory(): void {
  const { platform, env: environment, execPath, argv0, execArgv: nodeOptions, argv } = process;
  const parameters = argv.slice(2);
  const hasChannel = process.send !== undefined;
  if (!lacksFlatMemory({ platform, environment, nodeOptions, parameters, hasChannel })) return;
  // Node ends a process that it cannot replace. A program that was exchanged while it began is the one known reason.
  if (process.execve === undefined || !isExecutable(execPath)) return;
  const again = [argv0, ...nodeOptions, ...FLAT_MEMORY.nodeOptions, ...argv.slice(1)];
  process.execve(execPath, again, { ...environment, ...FLAT_MEMORY.environment });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
