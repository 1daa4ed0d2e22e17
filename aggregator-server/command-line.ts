import { resolve } from 'node:path';
import { type AppError, toAppError } from '@genba/shared/errors/app-error';
import { serverAddress } from '@genba/shared/identity/invitation';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { destination, type Logger, pino } from 'pino';
import { addAdmissionOptions, admissionLimitsOf } from './admission-options.ts';
import { EXIT_BUG, EXIT_INTERRUPTED, EXIT_USAGE, exitCodeHelp, exitCodeOf } from './exit-codes.ts';
import type { Security } from './identity/security.ts';
import { addTaskCheck } from './operations/check-task.ts';
import { addOperations } from './operations/commands.ts';
import { addDecisions } from './operations/decision-commands.ts';
import { addExchange } from './operations/exchange-commands.ts';
import { addIdentityCommands } from './operations/identity-commands.ts';
import { addUpdates } from './operations/update-commands.ts';
import { addRetentionOptions, type RetentionChoices, retentionOf } from './retention-options.ts';
import { type Aggregator, startAggregator } from './server.ts';
import { readTaskFile } from './task-file.ts';
import { AGGREGATOR_VERSION } from './version.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

interface CliOptions extends RetentionChoices {
  readonly data: string;
  readonly port: number;
  readonly task: readonly string[];
  readonly host?: string;
  readonly address?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly openLoopback?: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Folders by task id. */
  readonly checkSet?: ReadonlyMap<string, string>;
  /** Files by task id. */
  readonly startWeights?: ReadonlyMap<string, string>;
}

/** The whole command line. Without a command the options are those of `serve`, as they have always been. */
function program(): Command {
  const command = new Command('genba-aggregator')
    .description('Merges what plants learn into one model. Data stays at the plants; only weights come here.')
    .version(AGGREGATOR_VERSION)
    .enablePositionalOptions()
    .exitOverride();
  const serveCommand = command
    .command('serve', { isDefault: true })
    .description('run the server; meant where no command is given')
    .requiredOption('--data <folder>', 'folder for catalogue and weights; created where it does not exist')
    .requiredOption('--port <number>', 'TCP port; 0 takes any free one', readPort)
    .requiredOption('--task <file>', 'task file (JSON); may be given several times', collect)
    .option('--check-set <task=folder>', 'held-out examples that updates are judged on', collectByTask)
    .option('--start-weights <task=file>', 'model.json that a new task begins with', collectByTask)
    .option('--host <address>', 'name or address to listen on; all of this computer when left out')
    .option('--address <url>', 'wss://HOST:PORT as plants reach it; may be given several times', readAddress)
    .option('--tls-cert <file>', 'certificate of your own with its chain (PEM); needs --tls-key')
    .option('--tls-key <file>', 'its private key (PEM, not encrypted); needs --tls-cert')
    .addOption(
      new Option(
        '--open-loopback',
        'no TLS, no enrolment, this computer only: for demos and tests',
      ).conflicts(['address', 'tlsCert', 'tlsKey']),
    )
    .addOption(new Option('--log-level <level>', 'least level to log').choices(LOG_LEVELS).default('info'))
    .action(serve);
  addRetentionOptions(serveCommand);
  addAdmissionOptions(serveCommand);
  const host = { print: console.log, tell: console.error, interruptible };
  addIdentityCommands(command, host.print);
  addOperations(command, host);
  addTaskCheck(command, host);
  addDecisions(command, host);
  addExchange(command, host);
  addUpdates(command, host);
  return command.addHelpText(
    'after',
    () => `\nWithout a command:\n${serveCommand.helpInformation()}\n${exitCodeHelp()}`,
  );
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('It must be a number from 0 to 65535.');
  return port;
}

function readAddress(text: string, earlier: readonly string[] | undefined): string[] {
  const parsed = serverAddress.safeParse(text.toLowerCase());
  if (!parsed.success) throw new InvalidArgumentError('It must be wss://HOST:PORT.');
  return [...(earlier ?? []), parsed.data];
}

/** @throws CommanderError when only one of the two TLS files is given */
function securityOf(options: CliOptions): Security {
  const { openLoopback, address: addresses, tlsCert, tlsKey } = options;
  if (openLoopback) return { kind: 'open-loopback' };
  const limits = admissionLimitsOf({ ...options });
  if (tlsCert === undefined && tlsKey === undefined) return { kind: 'enrolled', addresses, limits };
  if (tlsCert === undefined || tlsKey === undefined) {
    console.error('error: --tls-cert and --tls-key belong together');
    throw new CommanderError(EXIT_USAGE, 'genba.tls', '--tls-cert and --tls-key belong together');
  }
  const certificate = { certificatePath: tlsCert, keyPath: tlsKey };
  return { kind: 'enrolled', addresses, limits, certificate };
}

function collect(path: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), path];
}

function collectByTask(text: string, earlier: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [taskId, ...rest] = text.split('=');
  const path = rest.join('=');
  if (!taskId || path === '') throw new InvalidArgumentError('It must be TASK=PATH.');
  if (earlier.has(taskId)) throw new InvalidArgumentError(`Only one path for ${taskId}.`);
  return new Map([...earlier, [taskId, resolve(path)]]);
}

/** Ends the process once, on the first signal; a second one does not wait. */
function stopOnSignal(aggregator: Aggregator, log: Logger): void {
  let isStopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(EXIT_BUG);
    isStopping = true;
    log.info({ signal }, 'stopping');
    try {
      await aggregator.close();
      process.exitCode = 0;
    } catch (thrown) {
      log.fatal({ err: thrown }, 'stop failed');
      process.exitCode = EXIT_BUG;
    }
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function serve(options: CliOptions): Promise<void> {
  const log = pino({ level: options.logLevel }, destination(2));
  const security = securityOf(options);
  try {
    const tasks = await Promise.all(options.task.map(readTaskFile));
    const { data, host, port } = options;
    const retention = retentionOf(options);
    const { checkSet: checkSets, startWeights } = options;
    const more = { retention, reserveBytes: options.reserve, checkSets, startWeights };
    const listening = { tasks, security, host, port, log };
    const aggregator = await startAggregator({ dataFolder: data, ...listening, ...more });
    stopOnSignal(aggregator, log);
    void aggregator.failed.then((error) => endWith(toAppError(error)));
    console.log(`Genba aggregator listens on ${aggregator.address}`);
    if (aggregator.serving !== null) {
      console.log(`Plants reach it by ${aggregator.serving.addresses.join(', ')}`);
      console.log(`Certificate (sha256): ${aggregator.serving.certificate}`);
    }
    log.info({ address: aggregator.address, tasks: tasks.map(({ id }) => id) }, 'listening');
  } catch (thrown) {
    const error = toAppError(thrown);
    // A stack helps only where nobody foresaw the error.
    const stack = error.code === 'internal/bug' ? { err: error.cause } : {};
    log.fatal({ code: error.code, detail: error.detail, ...stack }, 'could not start');
    throw error;
  }
}

const interruption = new AbortController();

/** Lets an operation clear away what it began on Ctrl+C; the server has its own handlers. */
function interruptible(): AbortSignal {
  process.once('SIGINT', () => interruption.abort());
  process.once('SIGTERM', () => interruption.abort());
  return interruption.signal;
}

/** Does what the command line of this process asks for; what went wrong is printed, and its exit code set. */
export async function runCommandLine(): Promise<void> {
  try {
    await program().parseAsync(process.argv);
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      // Commander has printed what was wrong, or the help that was asked for.
      process.exitCode = thrown.exitCode === 0 ? 0 : EXIT_USAGE;
      return;
    }
    if (interruption.signal.aborted && thrown === interruption.signal.reason) {
      console.error('Stopped. Nothing half-made is left.\n中止しました。途中のファイルは残っていません。');
      process.exitCode = EXIT_INTERRUPTED;
      return;
    }
    endWith(toAppError(thrown));
  }
}

/** Says why, in both languages, and with the exit code. */
function endWith(error: AppError): void {
  console.error(`${error.sentence('en')}${error.detail ? `\n  ${error.detail}` : ''}`);
  console.error(error.sentence('ja'));
  process.exitCode = exitCodeOf(error.code);
}
