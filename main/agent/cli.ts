#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseByteSize } from '@genba/shared/byte-size';
import { toAppError } from '@genba/shared/errors/app-error';
import { MIN_QUOTA_BYTES } from '@genba/shared/local-api/disk';
import { BACKEND_NAMES } from '@genba/shared/local-api/methods';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import pino from 'pino';
import { Agent } from './agent.ts';
import { defaultDataFolder } from './data-folder.ts';
import { addDatasetCommands } from './dataset/commands.ts';
import { addDoctorCommand } from './doctor/commands.ts';
import { addExchangeCommands } from './exchange/commands.ts';
import { EXIT_USAGE, exitCodeHelp, exitCodeOf } from './exit-codes.ts';
import { addIdentityCommands } from './identity/commands.ts';
import { addJudgeCommand } from './judging/command.ts';
import { addExportModelCommand } from './judging/export-command.ts';
import { addRejectionCommand } from './judging/rejection-command.ts';
import { addWatchCommand } from './judging/watch-command.ts';
import { addLabelsCommand } from './labelling/command.ts';
import { addLedgerCommand } from './ledger/command.ts';
import { removeEndpointFile, writeEndpointFile } from './local-api/endpoint-file.ts';
import { LocalApiServer } from './local-api/local-api-server.ts';
import { takeOver } from './local-api/take-over.ts';
import { addModelCommand } from './model/command.ts';
import { addNetworkOptions, type NetworkChoices, networkSettings } from './network/network-options.ts';
import { addOutboxCommand } from './outbox-command.ts';
import { startPredict } from './predict/start-predict.ts';
import { addPredictTokenCommand } from './predict/token-command.ts';
import { addScheduleOptions, givenSchedule, type ScheduleOptions } from './schedule/options.ts';
import { addServiceCommands } from './service/commands.ts';
import { addStatusCommand } from './status-command.ts';
import { withDiskTrouble } from './store/disk-trouble.ts';
import { type AgentSettings, MAX_PLANT_NAME_LENGTH } from './store/settings.ts';
import { addSyncNowCommand } from './sync/command.ts';
import { webSocketAddress } from './sync/server-address.ts';
import { addMethodsCommand } from './trainer/methods-command.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const PACKAGE_FILE = new URL('../package.json', import.meta.url);
const PAGES_FOLDER = path.resolve(import.meta.dirname, '../../renderer/dist');

interface CliOptions extends ScheduleOptions, NetworkChoices {
  readonly data: string;
  readonly server?: string;
  readonly dataset?: string;
  readonly inbox?: string;
  readonly check?: string;
  readonly predictPort?: number;
  readonly predictHost?: string;
  readonly plant?: string;
  readonly task?: string;
  readonly rounds?: number;
  readonly rest?: number;
  readonly backend?: AgentSettings['backend'];
  readonly seed?: number;
  readonly keyDays?: number;
  readonly quota?: number;
  readonly uploadLimit?: number;
  readonly downloadLimit?: number;
  readonly port: number;
  readonly takeOver?: true;
  readonly wait: number;
  readonly shareWindow?: true;
  readonly onTrial?: true;
  readonly quiet?: true;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

function numberFrom(minimum: number, maximum: number, isWhole: boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= minimum && value <= maximum && (!isWhole || Number.isInteger(value)))
      return value;
    throw new InvalidArgumentError(`a ${isWhole ? 'whole ' : ''}number from ${minimum} to ${maximum}`);
  };
}

function quota(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes !== null && bytes >= MIN_QUOTA_BYTES) return bytes;
  throw new InvalidArgumentError('a size of 100MB or more with its unit, like 500MB or 20GB');
}

function address(text: string): string {
  try {
    webSocketAddress(text);
    return text;
  } catch (error) {
    const refusal = toAppError(error);
    throw new InvalidArgumentError(`${refusal.message}\n${refusal.sentence('ja')}`);
  }
}

function ipAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError('an IP address of this PC, or 0.0.0.0 for all of them');
}

function plantName(text: string): string {
  const name = text.trim();
  if (name.length >= 1 && name.length <= MAX_PLANT_NAME_LENGTH) return name;
  throw new InvalidArgumentError(`a name of 1 to ${MAX_PLANT_NAME_LENGTH} characters`);
}

/** Rights that no file of the agent gives: only its own account may look, also in a folder that somebody else made. */
const NOTHING_FOR_OTHERS = 0o077;

/** Windows has no SIGTERM: there it is Ctrl+C, Ctrl+Break, or the end of the console. */
const STOP_SIGNALS: readonly NodeJS.Signals[] =
  process.platform === 'win32' ? ['SIGINT', 'SIGBREAK', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];

/** Only what was given on the command line: the rest keeps its stored value. */
function givenSettings(options: CliOptions): Partial<AgentSettings> {
  const given = {
    plantName: options.plant,
    server: options.server,
    inbox: options.inbox === undefined ? undefined : path.resolve(options.inbox),
    dataset: options.dataset === undefined ? undefined : path.resolve(options.dataset),
    predictPort: options.predictPort === 0 ? null : options.predictPort,
    predictHost: options.predictHost,
    checkSet: options.check === undefined ? undefined : path.resolve(options.check),
    taskId: options.task,
    roundLimit: options.rounds,
    restSeconds: options.rest,
    backend: options.backend,
    seed: options.seed,
    keyRotationDays: options.keyDays,
    uploadLimit: options.uploadLimit,
    downloadLimit: options.downloadLimit,
    ...givenSchedule(options),
    quotaBytes: options.quota,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function run(options: CliOptions, appVersion: string): Promise<void> {
  const log = pino({ level: options.logLevel }, pino.destination({ dest: 2, sync: true }));
  const dataFolder = path.resolve(options.data);
  const { settings: network, login: proxyLogin } = networkSettings(options);
  const settings = { ...givenSettings(options), ...network };
  const isOnTrial = options.onTrial === true;
  const open = () => new Agent({ dataFolder, appVersion, log, settings, proxyLogin, isOnTrial });
  const agent = options.takeOver ? await takeOver({ dataFolder, waitMs: options.wait * 1000 }, open) : open();
  let isStopping = false;
  const stop = async (reason: string) => {
    if (isStopping) return;
    isStopping = true;
    log.info({ reason }, 'stopping');
    removeEndpointFile(dataFolder);
    await Promise.all([localApi.close(), predict?.close(), agent.stop()]);
    process.exit(0);
  };
  const localApi = new LocalApiServer({
    status: () => agent.status(),
    execute: (command) => agent.execute(command),
    answer: (query, tell) => agent.answer(query, tell),
    findPicture: (picture) => agent.findPicture(picture),
    release: { ask: (wish) => agent.askForFile(wish), rate: () => agent.downloadRate() },
    stop: () => void stop('local API'),
    pagesFolder: PAGES_FOLDER,
    log,
  });
  agent.on('change', () => localApi.statusChanged());
  await localApi.listen(options.port);
  const predict = await startPredict(agent, { dataFolder, log });

  for (const signal of STOP_SIGNALS) process.once(signal, () => void stop(signal));
  // Only now: whoever knows the address may also stop the agent.
  const endpoint = { pid: process.pid, address: localApi.address, token: localApi.token };
  writeEndpointFile(dataFolder, endpoint, options.shareWindow ? 'group' : 'account');
  agent.start();
  if (!options.quiet) console.log(`Genba agent: ${localApi.address}/#token=${localApi.token}`);
}

function fail(thrown: unknown): never {
  const error = withDiskTrouble(thrown);
  console.error(`genba-agent: ${error.message}`);
  console.error(`genba-agent: ${error.sentence('ja')}`);
  if (error.code === 'internal/bug' && error.cause instanceof Error) console.error(error.cause.stack);
  process.exit(exitCodeOf(error.code));
}

/** The whole command line. Without a command the options are those of `run`, as they have always been. */
function program(appVersion: string): Command {
  const dataFolder = defaultDataFolder(process.platform, process.env, os.homedir());
  const command = new Command('genba-agent')
    .description(
      'Trains on this plant’s data and syncs with the aggregator. Settings are kept in the data folder.',
    )
    .version(appVersion)
    .enablePositionalOptions()
    .exitOverride();
  const runCommand = command
    .command('run', { isDefault: true })
    .description('train and sync; meant where no command is given')
    .option('--data <folder>', 'data folder', dataFolder)
    .option('--server <address>', 'aggregator on this computer without encryption, as host:port', address)
    .option('--dataset <path>', 'training data: folder of images by class, folder of IDX files, or CSV file')
    .option('--inbox <path>', 'folder in which new pictures arrive, for people to label')
    .option(
      '--predict-port <number>',
      'answer POST /predict of other programs on this port; 0: none',
      numberFrom(0, 65_535, true),
    )
    .option(
      '--predict-host <address>',
      'address to listen on for them, unencrypted (default: 127.0.0.1, this PC only)',
      ipAddress,
    )
    .option('--check <path>', 'held-out data to judge the model on after every round, in the same form')
    .option('--plant <name>', 'name of this plant (default: the computer’s name)', plantName)
    .option('--task <id>', 'task to join (default: the aggregator’s only one)')
    .option('--rounds <count>', 'stop training after this many rounds in all', numberFrom(0, 1e9, true))
    .option('--rest <seconds>', 'rest between two rounds (default: 60)', numberFrom(0, 86_400, false))
    .addOption(
      new Option('--backend <name>', 'how to train (default: the fastest)').choices([...BACKEND_NAMES]),
    )
    .option('--seed <number>', 'seed of splits and orders (default: 1)', numberFrom(0, 0xffff_ffff, true))
    .option('--key-days <days>', 'age at which the key is replaced (default: 180)', numberFrom(1, 3650, true))
    .option('--quota <size>', 'largest size of the data folder, like 20GB (default: 20GB)', quota)
    .option(
      '--upload-limit <kB/s>',
      'most that sending may take of the line; 0 is no limit',
      numberFrom(0, 1e6, false),
    )
    .option(
      '--download-limit <kB/s>',
      'most that receiving may take; 0 is no limit',
      numberFrom(0, 1e6, false),
    )
    .option('--port <number>', 'port of the local API', numberFrom(0, 65_535, true), 0)
    .option('--take-over', 'ask the agent that has the data folder to stop, and start when it has')
    .option('--wait <seconds>', 'how long --take-over waits for it', numberFrom(1, 3600, false), 30)
    .option('--share-window', 'let the group of the data folder open the window (not on Windows)')
    .option('--on-trial', 'train and send nothing before the window of this version says that it works')
    .option('--quiet', 'print no address of the page: it lets in whoever reads it')
    .addOption(new Option('--log-level <level>', 'least level to log').choices(LOG_LEVELS).default('info'))
    .action((options: CliOptions) => run(options, appVersion));
  addNetworkOptions(runCommand);
  const host = { appVersion, defaultDataFolder: dataFolder, print: console.log };
  addScheduleOptions(runCommand);
  addStatusCommand(command, host);
  addSyncNowCommand(command, host);
  addIdentityCommands(command, host);
  addOutboxCommand(command, host);
  addDatasetCommands(command, host);
  addExchangeCommands(command, host);
  addDoctorCommand(command, host);
  addServiceCommands(command, {
    cliPath: import.meta.filename,
    defaultDataFolder: dataFolder,
    write: (text) => process.stdout.write(text),
  });
  addLedgerCommand(command, host);
  addLabelsCommand(command, host);
  addModelCommand(command, host);
  addJudgeCommand(command, host);
  addRejectionCommand(command, host);
  addExportModelCommand(command, host);
  addMethodsCommand(command, host);
  addWatchCommand(command, host);
  addPredictTokenCommand(command, host);
  return command.addHelpText(
    'after',
    () => `\nWithout a command:\n${runCommand.helpInformation()}\n${exitCodeHelp()}`,
  );
}

async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8')) as { version: string };
  process.umask(NOTHING_FOR_OTHERS);
  try {
    await program(version).parseAsync(process.argv);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) fail(thrown);
    // Commander has printed what was wrong, or the help that was asked for.
    process.exitCode = thrown.exitCode === 0 ? 0 : EXIT_USAGE;
  }
}

await main();
