import { accessSync, constants } from 'node:fs';

/**
 * How many arenas glibc's malloc may have. Left to itself it gives threads that allocate at the same moment arenas of
 * their own, eight per core, and each keeps for ever what it once needed at most: memory grows with how threads happen
 * to meet, for days. It is read once, before a program begins; nothing can set it from within.
 */
export const ARENAS_VARIABLE = 'MALLOC_ARENA_MAX';

/** What a server is to find in its environment. */
export const FLAT_MEMORY = { [ARENAS_VARIABLE]: '1' } as const;

/** A process, as far as it matters to whether it is started again. */
export interface Starting {
  readonly platform: NodeJS.Platform;
  readonly environment: NodeJS.ProcessEnv;
  /** What stands after the program on its command line. */
  readonly parameters: readonly string[];
  /** Whether a parent talks to it over a channel, which would be lost. */
  readonly hasChannel: boolean;
}

/** Options that answer and end, where no command is named. */
const ANSWERING = ['-h', '--help', '-V', '--version'];

/**
 * Whether a server begins that has yet to get its settings. glibc is Linux's; other systems' allocators differ. Who has
 * set the variable, to whatever, has decided; and who was started again has it, so that nobody is started twice.
 */
export function lacksFlatMemory({ platform, environment, parameters, hasChannel }: Starting): boolean {
  const [first] = parameters;
  // As commander takes it: without a command, and with options first, it is `serve`.
  const isServer = first === 'serve' || (first?.startsWith('-') === true && !ANSWERING.includes(first));
  return platform === 'linux' && isServer && !hasChannel && environment[ARENAS_VARIABLE] === undefined;
}

/**
 * Gives a server the settings that keep its memory flat, by starting this very process again with them: the same id,
 * arguments, folder, input and output. Returns where there is nothing to do, and otherwise never.
 */
export function ensureFlatMemory(): void {
  const { platform, env: environment, execPath, argv0, execArgv, argv } = process;
  const parameters = argv.slice(2);
  const hasChannel = process.send !== undefined;
  if (!lacksFlatMemory({ platform, environment, parameters, hasChannel })) return;
  // Node ends a process that it cannot replace. A program that was exchanged while it began is the one known reason.
  if (process.execve === undefined || !isExecutable(execPath)) return;
  process.execve(execPath, [argv0, ...execArgv, ...argv.slice(1)], { ...environment, ...FLAT_MEMORY });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
