import './sync/fast-masking.ts';
import { EventEmitter } from 'node:events';
import os from 'node:os';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { LedgerPage, LedgerQuery } from '@genba/shared/local-api/ledger';
import type {
  AgentNotice,
  AgentStatus,
  LocalCommand,
  LocalMessage,
  LocalQuery,
} from '@genba/shared/local-api/messages';
import type { Task } from '@genba/shared/model/task';
import { WEBSOCKET_PATH } from '@genba/shared/protocol/limits';
import type { Logger } from 'pino';
import type { ExampleSet } from '../trainer/messages.ts';
import { type Dataset, loadCheckSet, loadDataset } from './dataset/dataset.ts';
import { DeviceIdentity } from './identity/device-identity.ts';
import { DeviceStore } from './identity/device-store.ts';
import type { EnrolStep } from './identity/enrol.ts';
import { FileKeyStore } from './identity/key-store.ts';
import { RoundLoop } from './rounds/round-loop.ts';
import { agentPhase, HISTORY_POINTS, remainingMs } from './status.ts';
import { ClientStore } from './store/client-store.ts';
import { type AgentDatabase, openAgentDatabase } from './store/database.ts';
import { readBase, readHistory } from './store/history.ts';
import { Ledger } from './store/ledger.ts';
import { Outbox } from './store/outbox.ts';
import { type AgentSettings, SettingsStore } from './store/settings.ts';
import { webSocketAddress } from './sync/server-address.ts';
import { SyncClient, type SyncTargets } from './sync/sync-client.ts';
import { TrainerProcess } from './trainer/trainer-process.ts';

export interface AgentOptions {
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly log: Logger;
  /** Settings given at this start; they are kept for the next ones. */
  readonly settings: Partial<AgentSettings>;
}

/** How often a dataset that could not be read is tried again, milliseconds. */
const DATASET_RETRY_MS = 15_000;

/** How often it is looked whether the device's key is old enough to be replaced, milliseconds. */
const KEY_AGE_CHECK_MS = 3_600_000;

interface AgentEvents {
  /** Something a window shows has changed. */
  change: [];
}

/**
 * The agent of one plant PC: reads the dataset, trains round after round, queues and syncs. Works without a
 * window and without a network; everything that matters is in its database.
 */
export class Agent extends EventEmitter<AgentEvents> {
  readonly #options: AgentOptions;
  readonly #database: AgentDatabase;
  readonly #settings: SettingsStore;
  readonly #client: ClientStore;
  readonly #outbox: Outbox;
  readonly #ledger: Ledger;
  readonly #device: DeviceStore;
  readonly #identity: DeviceIdentity;
  #sync: SyncClient | null = null;
  #loop: RoundLoop | null = null;
  #loopDone: Promise<void> = Promise.resolve();
  #dataset: Dataset | null = null;
  #isLoadingDataset = false;
  #syncProblem: AppError | null = null;
  #notice: AgentStatus['notice'] = null;
  #datasetProblem: AppError | null = null;
  #keyAgeTimer: NodeJS.Timeout | null = null;
  #isStarted = false;
  #datasetRetry: NodeJS.Timeout | null = null;
  #networkSince = new Date().toISOString();
  #isStopped = false;

  /**
   * @throws AppError `startup/data-not-writable`, `startup/already-running`, `store/newer-database`; `tls/required`
   *   when a server is given where this PC has enrolled
   */
  constructor(options: AgentOptions) {
    super();
    this.#options = options;
    this.#database = openAgentDatabase(options.dataFolder);
    this.#settings = new SettingsStore(this.#database, os.hostname());
    this.#client = new ClientStore(this.#database);
    this.#outbox = new Outbox(this.#database);
    this.#ledger = new Ledger(this.#database);
    this.#ledger.closeAbandoned();
    this.#device = new DeviceStore(this.#database, new FileKeyStore(options.dataFolder));
    if (typeof options.settings.server === 'string' && this.#device.enrolment() !== null) {
      this.#database.close();
      throw new AppError('tls/required', { detail: `--server ${options.settings.server}` });
    }
    this.#settings.write(options.settings);
    const { appVersion, log } = options;
    this.#identity = new DeviceIdentity({
      device: this.#device,
      client: this.#client,
      settings: this.#settings,
      appVersion,
      log,
    });
  }

  /** Starts to connect and to train, as far as it is set up; returns at once. */
  start(): void {
    this.#isStarted = true;
    const where = this.#syncTargets();
    if (where === null || this.#settings.read().dataset === null) return;
    this.#startSync(where);
    const task = this.#client.task();
    if (task !== null) void this.#startRounds(task);
    this.#renewOldKey();
    this.#keyAgeTimer ??= setInterval(() => this.#renewOldKey(), KEY_AGE_CHECK_MS);
  }

  /** Ends training and connection and closes the database. What was finished is kept. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#datasetRetry !== null) clearTimeout(this.#datasetRetry);
    if (this.#keyAgeTimer !== null) clearInterval(this.#keyAgeTimer);
    this.#sync?.stop();
    this.#loop?.stop();
    await this.#loopDone;
    this.#ledger.stop();
    this.#database.close();
  }

  /**
   * Carries out what a window asks for; done when it resolves.
   * @throws AppError why it cannot be done
   */
  async execute(command: LocalCommand): Promise<void> {
    switch (command.command) {
      case 'pause':
      case 'resume':
        this.#setPaused(command.command === 'pause');
        break;
      case 'enrol':
        await this.enrol(command.invitation, () => undefined);
        break;
      case 'rotate-key':
        this.rotateKey();
        break;
    }
    this.emit('change');
  }

  /** Answers what a command of the program wants to know. */
  answer(query: LocalQuery): LocalMessage {
    return { type: 'ledger', id: query.id, page: this.readLedger(query.of) };
  }

  /** One page of what left this PC. */
  readLedger(query: LedgerQuery): LedgerPage {
    return this.#ledger.read(query);
  }

  #setPaused(isPaused: boolean): void {
    this.#settings.write({ isPaused });
    if (isPaused) this.#loop?.interrupt();
    else this.#loop?.wake();
  }

  /**
   * Enrols this PC with an invitation, and goes on with the aggregator it names.
   * @param text the invitation: its link, or the content of its file
   * @throws AppError why that cannot be done; everything is as before then
   */
  async enrol(text: string, onStep: (step: EnrolStep) => void): Promise<void> {
    await this.#identity.enrol(text, onStep);
    this.#sync?.stop();
    this.#sync?.removeAllListeners();
    this.#sync = null;
    this.#syncProblem = null;
    if (this.#isStarted && !this.#isStopped) this.start();
  }

  /**
   * Has the device's key replaced: a new one is made, and announced at once or at the next contact.
   * @throws AppError `identity/not-enrolled`
   */
  rotateKey(): void {
    this.#identity.rotateKey();
    this.#sync?.announceKey();
  }

  #renewOldKey(): void {
    this.#identity.rotateOldKey();
    this.#sync?.announceKey();
  }

  /** Everything a window shows. */
  status(): AgentStatus {
    const { plantName, server, dataset, isPaused, roundLimit } = this.#settings.read();
    const task = this.#client.task();
    const base = readBase(this.#database);
    const round = this.#loop?.current ?? null;
    const problem =
      this.#datasetProblem ?? this.#syncProblem ?? this.#loop?.problem ?? this.#identity.clockProblem ?? null;
    const identity = this.#identity.status();
    const isServerKnown = identity !== null || server !== null;
    return {
      appVersion: this.#options.appVersion,
      clientId: this.#client.clientId,
      plantName,
      phase: agentPhase({
        isConfigured: isServerKnown && dataset !== null,
        hasWeights: base !== null,
        hasFailed: this.#datasetProblem !== null || (this.#syncProblem !== null && base === null),
        isPaused,
        loop: this.#loop?.state ?? null,
      }),
      problem: problem === null ? null : { code: problem.code, detail: problem.detail ?? null },
      notice: this.#notice,
      network: {
        state: this.#sync?.state ?? 'offline',
        server: identity === null ? server : serverOf(this.#sync?.address ?? identity.servers[0]!),
        since: this.#networkSince,
      },
      security: isServerKnown ? (identity === null ? 'open-loopback' : 'enrolled') : null,
      identity,
      backend: this.#loop?.backend ?? null,
      task: task === null ? null : { id: task.id, name: task.name, classes: task.classes },
      dataset: this.#datasetStatus(),
      round: round === null ? null : { ...round, remainingMs: remainingMs(round, Date.now()) },
      roundLimit,
      queue: this.#outbox.figures(),
      held: this.#outbox.held(),
      base,
      history: readHistory(this.#database, HISTORY_POINTS),
    };
  }

  #datasetStatus(): AgentStatus['dataset'] {
    if (this.#dataset === null) return null;
    const { path, training, validation, skipped, classes } = this.#dataset.summary;
    return { path, training, validation, skipped, classes: [...classes] };
  }

  /** Where to connect to; null as long as nobody has said. */
  #syncTargets(): SyncTargets | null {
    const { server } = this.#settings.read();
    const open = () => ({ address: webSocketAddress(server!), anchor: null });
    return (
      this.#identity.syncTargets() ?? (server === null ? null : { targets: [open()], enrolledTask: null })
    );
  }

  #startSync(where: SyncTargets): void {
    const { dataFolder, appVersion, log } = this.#options;
    this.#sync = new SyncClient({
      where,
      log,
      context: {
        device: this.#device,
        onServerTime: (serverTime) => this.#identity.compareClocks(serverTime),
        client: this.#client,
        outbox: this.#outbox,
        ledger: this.#ledger,
        dataFolder,
        appVersion,
        plantName: () => this.#settings.read().plantName,
        taskId: () => this.#settings.read().taskId,
        onWelcome: (task) => this.#onWelcome(task),
        onChange: () => this.emit('change'),
        onReceipt: () => this.#onReceipt(),
        onInstalled: (isReply) => this.#onInstalled(isReply),
        onNotice: (notice) => this.#onNotice(notice),
        onRefusal: (error, isFatal) => this.#onRefusal(error, isFatal),
      },
    });
    this.#sync.on('state', () => this.#onNetworkState());
    this.#sync.start();
  }

  #onNetworkState(): void {
    this.#networkSince = new Date().toISOString();
    this.emit('change');
  }

  #onWelcome(task: Task): void {
    this.#syncProblem = null;
    if (this.#loop === null && this.#datasetRetry === null) void this.#startRounds(task);
    this.emit('change');
  }

  #onReceipt(): void {
    this.#syncProblem = null;
    this.emit('change');
  }

  #onNotice(kind: AgentNotice): void {
    this.#options.log.warn({ notice: kind }, 'the aggregator asks for something again');
    this.#notice = { kind, at: new Date().toISOString() };
    this.emit('change');
  }

  #onInstalled(isReply: boolean): void {
    if (isReply) this.#notice = null;
    this.#loop?.weightsInstalled();
    this.emit('change');
  }

  #onRefusal(error: AppError, isFatal: boolean): void {
    // What mends itself by connecting again is a state of the network, not a problem to show.
    if (isFatal || !error.isRetryable) this.#syncProblem = error;
    this.emit('change');
  }

  /** Reads the dataset, then trains until the agent stops. Once per start: the loop lives on across connections. */
  async #startRounds(task: Task): Promise<void> {
    if (this.#isLoadingDataset) return;
    this.#isLoadingDataset = true;
    const { dataset, checkSet, seed } = this.#settings.read();
    let check: ExampleSet | null = null;
    try {
      this.#dataset = await loadDataset(dataset!, task, { seed });
      if (checkSet !== null) check = await loadCheckSet(checkSet, task, this.#dataset.statistics);
    } catch (thrown) {
      this.#onDatasetProblem(toAppError(thrown), task);
      return;
    }
    this.#datasetProblem = null;
    if (this.#isStopped) return;
    const { training, validation, skipped, skippedItems } = this.#dataset.summary;
    this.#options.log.info({ training, validation, skipped, skippedItems }, 'dataset read');
    this.#loop = new RoundLoop({
      client: this.#client,
      task: () => this.#client.task()!,
      examples: { training: this.#dataset.training, validation: this.#dataset.validation, check },
      settings: () => this.#settings.read(),
      roundsDone: () => this.#outbox.figures().roundsDone,
      startTrainer: (onExit) => new TrainerProcess({ onExit }),
      log: this.#options.log,
      onRoundDone: () => this.#sync?.notify(),
      onChange: () => this.emit('change'),
    });
    this.#loopDone = this.#loop.run();
  }

  /** Tries again by itself: a network drive comes back, a file gets corrected. */
  #onDatasetProblem(problem: AppError, task: Task): void {
    this.#datasetProblem = problem;
    this.#isLoadingDataset = false;
    const { code, detail } = problem;
    this.#options.log.error({ code, detail }, 'the dataset cannot be used yet');
    this.emit('change');
    if (!this.#isStopped)
      this.#datasetRetry = setTimeout(() => void this.#startRounds(task), DATASET_RETRY_MS);
  }
}

/** An address without what every one of them ends in. */
function serverOf(address: string): string {
  return address.replace(WEBSOCKET_PATH, '');
}
