import './sync/fast-masking.ts';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import os from 'node:os';
import { AppError } from '@genba/shared/errors/app-error';
import type { DoctorReport, DoctorWish } from '@genba/shared/local-api/doctor';
import type { ExchangeResult } from '@genba/shared/local-api/exchange';
import type { Judgement } from '@genba/shared/local-api/judging';
import type { Label } from '@genba/shared/local-api/labelling';
import type { LedgerPage, LedgerQuery } from '@genba/shared/local-api/ledger';
import type { AgentStatus, LocalMessage, LocalQuery } from '@genba/shared/local-api/messages';
import type { MethodName, MethodReport } from '@genba/shared/local-api/methods';
import type { MistakenPictures, MistakeWish, ModelReport } from '@genba/shared/local-api/model';
import type { DataPreview } from '@genba/shared/local-api/preview';
import type { RefusedPage } from '@genba/shared/local-api/refused-updates';
import type { Rejection, RejectionWish } from '@genba/shared/local-api/rejection';
import type { Schedule } from '@genba/shared/local-api/schedule';
import type { WatchWish } from '@genba/shared/local-api/watches';
import type { Logger } from 'pino';
import { DatasetChoice } from './dataset/dataset-choice.ts';
import { DiskWatch } from './disk/disk-watch.ts';
import { examinePlant } from './doctor/doctor.ts';
import { ExchangeStore } from './exchange/exchange-store.ts';
import { FileExchange } from './exchange/file-exchange.ts';
import { DeviceIdentity } from './identity/device-identity.ts';
import { DeviceStore } from './identity/device-store.ts';
import type { EnrolStep } from './identity/enrol.ts';
import { FileKeyStore } from './identity/key-store.ts';
import { exportModel } from './judging/export-model.ts';
import { FolderWatches } from './judging/folder-watches.ts';
import { Judge } from './judging/judge.ts';
import type { TakeItems } from './judging/judge-subject.ts';
import { carryOut, type SubjectWish } from './judging/judgement.ts';
import { ChosenModel, NewestOwnModel } from './judging/model-in-use.ts';
import { suggestBy } from './judging/suggest.ts';
import { requireApart } from './labelling/inbox.ts';
import { LabelStore } from './labelling/label-store.ts';
import { Labelling } from './labelling/labelling.ts';
import type { AgentCommand } from './local-api/local-api-server.ts';
import { PlantModels } from './model/plant-models.ts';
import { smallPictures } from './model/small-pictures.ts';
import { PlantNetwork } from './network/plant-network.ts';
import type { ProxyLogin } from './network/proxy-setting.ts';
import { PlantTraining } from './rounds/plant-training.ts';
import { remainingMs } from './rounds/remaining-time.ts';
import { agentPhase, datasetStatus, HISTORY_POINTS, methodStatus, standstillOf } from './status.ts';
import { ClientStore } from './store/client-store.ts';
import { type AgentDatabase, openAgentDatabase } from './store/database.ts';
import { readBase, readHistory } from './store/history.ts';
import { Ledger } from './store/ledger.ts';
import { Outbox } from './store/outbox.ts';
import { newestRefused, readRefused } from './store/refused-updates.ts';
import { type AgentSettings, SettingsStore, scheduleOf } from './store/settings.ts';
import { bytesPerSecond, PlantSync } from './sync/plant-sync.ts';
import { RateLimit } from './sync/rate-limit.ts';
import { askForFile, type FileWish } from './updates/release-files.ts';

export interface AgentOptions {
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly log: Logger;
  /** Settings given at this start; they are kept for the next ones. */
  readonly settings: Partial<AgentSettings>;
  /** Who this PC is to its proxy; kept for the next starts, apart from the settings. */
  readonly proxyLogin?: ProxyLogin | null;
}

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
  readonly #disk: DiskWatch;
  readonly #device: DeviceStore;
  readonly #identity: DeviceIdentity;
  readonly #files: FileExchange;
  readonly #data: DatasetChoice;
  readonly #labelling: Labelling;
  readonly #judge: Judge;
  readonly #watches: FolderWatches;
  readonly #models: PlantModels;
  readonly #network: PlantNetwork;
  readonly #sync: PlantSync;
  #training: PlantTraining | null = null;
  #keyAgeTimer: NodeJS.Timeout | null = null;
  #isStarted = false;
  #isStopped = false;

  /**
   * @throws AppError `startup/data-not-writable`, `startup/already-running`, `store/newer-database`; `tls/required`
   *   when a server is given where this PC has enrolled; `proxy/bad-setting` for a login that no proxy understands
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
    const { appVersion, dataFolder, log, proxyLogin } = options;
    this.#network = new PlantNetwork({ settings: this.#settings, dataFolder, log });
    if (proxyLogin) this.#network.keepLogin(proxyLogin);
    this.#disk = new DiskWatch({
      dataFolder,
      task: () => this.#client.task(),
      quotaBytes: () => this.#settings.read().quotaBytes,
      log,
      onChange: () => this.#onDiskChange(),
    });
    this.#identity = new DeviceIdentity({
      device: this.#device,
      client: this.#client,
      settings: this.#settings,
      appVersion,
      dial: this.#network.dial,
      log,
    });
    this.#sync = new PlantSync({
      dataFolder,
      appVersion,
      log,
      settings: this.#settings,
      client: this.#client,
      outbox: this.#outbox,
      ledger: this.#ledger,
      device: this.#device,
      identity: this.#identity,
      network: this.#network,
      onChange: () => this.emit('change'),
      onWelcome: () => this.#startTraining(),
      onInstalled: () => this.#training?.loop.weightsInstalled(),
      onSharedModel: () => this.#training?.loop.modelsDue(),
    });
    this.#files = new FileExchange({
      device: this.#device,
      client: this.#client,
      outbox: this.#outbox,
      exchange: new ExchangeStore(this.#database),
      ledger: this.#ledger,
      identity: this.#identity,
      appVersion,
      log,
      offline: (change) => this.#whileOffline(change),
    });
    this.#models = new PlantModels(this.#database, () => this.#onModelChanged());
    this.#judge = new Judge({
      dataFolder,
      task: () => this.#client.task(),
      modelInUse: new ChosenModel(this.#models, new NewestOwnModel(this.#database, this.#client)),
      backend: () => this.#settings.read().backend,
      rejection: () => this.#settings.read().rejection,
    });
    this.#watches = new FolderWatches({
      judge: this.#judge,
      read: () => this.#settings.read().watches,
      write: (watches) => this.#settings.write({ watches }),
      onChange: () => this.emit('change'),
    });
    this.#labelling = new Labelling({
      store: new LabelStore(this.#database),
      task: () => this.#client.task(),
      folder: () => this.#settings.read().inbox,
      suggest: suggestBy(this.#judge),
      onLabels: () => this.#training?.labelsChanged(),
    });
    this.#data = new DatasetChoice({
      settings: this.#settings,
      task: () => this.#client.task(),
      isRead: () => this.#training?.dataset?.summary.path === this.#settings.read().dataset,
      onProgress: () => this.emit('change'),
      onChosen: () => this.#onDatasetChosen(),
    });
  }

  /** Starts to connect and to train, as far as it is set up; returns at once. */
  start(): void {
    if (!this.#isStarted) this.#watches.start();
    this.#isStarted = true;
    this.#disk.start();
    const where = this.#sync.targets();
    if (where === null || this.#settings.read().dataset === null) return;
    this.#sync.start(where);
    const task = this.#client.task();
    if (task !== null) this.#startTraining();
    this.#renewOldKey();
    this.#keyAgeTimer ??= setInterval(() => this.#renewOldKey(), KEY_AGE_CHECK_MS);
  }

  /** Ends training and connection and closes the database. What was finished is kept. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#disk.stop();
    if (this.#keyAgeTimer !== null) clearInterval(this.#keyAgeTimer);
    this.#sync.stop();
    this.#data.stop();
    // The judge last: what is being judged for a folder fails with it otherwise, and is told as a problem.
    await Promise.all([this.#training?.stop(), this.#watches.stop()]);
    await this.#judge.stop();
    this.#ledger.stop();
    this.#database.close();
  }

  /**
   * Carries out what a window asks for; done when it resolves.
   * @throws AppError why it cannot be done
   */
  async execute(command: AgentCommand): Promise<ExchangeResult | null> {
    const result = await this.#carryOut(command);
    this.emit('change');
    return result;
  }

  async #carryOut(command: AgentCommand): Promise<ExchangeResult | null> {
    switch (command.command) {
      case 'pause':
      case 'resume':
        this.#setPaused(command.command === 'pause');
        return null;
      case 'set-schedule':
        this.#setSchedule(command.schedule);
        return null;
      case 'set-quota':
        this.#settings.write({ quotaBytes: command.quotaBytes });
        this.#disk.look();
        this.#training?.loop.obstacleChanged();
        return null;
      case 'sync-now':
        this.#sync.syncNow();
        return null;
      case 'report-use':
        this.#training?.report({ idleSeconds: command.idleSeconds, isOnBattery: command.isOnBattery });
        return null;
      case 'enrol':
        await this.enrol(command.invitation, () => undefined);
        return null;
      case 'rotate-key':
        this.rotateKey();
        return null;
      case 'export-updates':
        return this.#files.exportUpdates(command.target);
      case 'request-enrolment':
        return this.#files.requestEnrolment(command.invitation, command.target);
      case 'import-reply':
        return this.#files.importReply(command.path);
      case 'set-dataset':
        await this.#data.choose(command.path);
        return null;
      case 'acknowledge-drift':
        this.#training?.acknowledgeDrift();
        return null;
      case 'set-inbox':
        this.#setInbox(command.path);
        return null;
      case 'export-model':
        this.exportModel(command.target);
        return null;
      case 'start-watch':
        this.#startWatch(command.watch);
        return null;
      case 'stop-watch':
        await this.#watches.remove(command.folder);
        return null;
      case 'set-method':
        this.setMethod(command.method);
        return null;
      case 'measure-methods':
        this.measureMethods();
        return null;
      case 'set-rejection':
        this.setRejection(command.wish);
        return null;
      case 'label':
        await this.#labelling.label(command);
        return null;
      case 'undo-label':
        this.#labelling.undo();
        return null;
      case 'use-model':
        this.#models.use(command.model, command.by);
        return null;
      case 'automatic-model':
        this.#models.automatic(command.by);
        this.#training?.loop.modelsDue();
        return null;
      case 'cancel-reading':
        this.#data.cancel();
        return null;
    }
  }

  /** A conversation that is open holds its own idea of update and base: it ends before these change, and a new one begins. */
  #whileOffline<Result>(change: () => Result): Result {
    this.#sync.end();
    try {
      return change();
    } finally {
      if (this.#isStarted && !this.#isStopped) this.start();
      this.#training?.loop.weightsInstalled();
    }
  }

  /**
   * Answers what a command of the program wants to know.
   * @param tell sends what comes before the answer, and resolves when the other side can take more
   * @throws AppError `server/bad-address`, `invitation/…`, `judging/no-model`
   */
  async answer(
    query: LocalQuery,
    tell: (message: LocalMessage) => Promise<void> = async () => undefined,
  ): Promise<LocalMessage> {
    const { id } = query;
    switch (query.query) {
      case 'doctor':
        return { type: 'doctor', id, report: await this.examine(query.of) };
      case 'refused':
        return { type: 'refused', id, page: this.readRefused(query.after) };
      case 'preview-data':
        return { type: 'preview', id, preview: await this.preview(query.path) };
      case 'label-queue':
        return { type: 'label-queue', id, queue: await this.#labelling.queue() };
      case 'labels':
        return { type: 'labels', id, labels: this.readLabels(query.after) };
      case 'watches':
        return { type: 'watches', id, watches: this.#watches.statuses };
      case 'methods':
        return { type: 'methods', id, report: this.describeMethods() };
      case 'rejection':
        return { type: 'rejection', id, rejection: await this.describeRejection(query.wish) };
      case 'judge': {
        const judgement = await this.judge(query.of, (part) => tell({ type: 'judged', id, part: [...part] }));
        return { type: 'judgement', id, judgement };
      }
      case 'model':
        return { type: 'model', id, report: this.readModels() };
      case 'mistaken-pictures':
        return { type: 'mistaken-pictures', id, pictures: await this.#mistakenPictures(query.of) };
      case 'ledger':
        return { type: 'ledger', id, page: this.readLedger(query.of) };
    }
  }

  /**
   * Examines the connection to the aggregator and what this PC needs for it; changes nothing.
   * @throws AppError `server/bad-address`, `invitation/…`
   */
  examine(wish: DoctorWish): Promise<DoctorReport> {
    const { dataFolder, appVersion } = this.#options;
    return examinePlant(this.#database, { dataFolder, appVersion, hostName: os.hostname(), wish });
  }

  /** Looks at a file or folder as training data; uses nothing of it. @throws AppError `dataset/cancelled` */
  preview(path: string): Promise<DataPreview> {
    return this.#data.preview(path);
  }

  /**
   * Has the model in use judge something.
   * @param tell is given all items, part by part, where the wish asks for parts
   * @throws AppError `judging/no-model`, `dataset/not-read`, `trainer/no-backend`, `trainer/crashed`
   */
  judge(wish: SubjectWish, tell: TakeItems): Promise<Judgement> {
    return carryOut(this.#judge, wish, tell);
  }

  /**
   * What a wish, or the one that is set, does to the parts that were held out.
   * @throws AppError `judging/no-model`, `judging/unknown-class`, `trainer/no-backend`, `trainer/crashed`
   */
  describeRejection(wish: RejectionWish | null): Promise<Rejection> {
    return this.#judge.describeRejection(wish);
  }

  /** @throws AppError `judging/mismatch` where the task is about no pictures, `judging/watched-already` */
  #startWatch(watch: WatchWish): void {
    const kind = this.#client.task()?.input.kind ?? 'image';
    if (kind !== 'image') throw new AppError('judging/mismatch', { detail: `the task needs a ${kind}` });
    this.#watches.add(watch);
  }

  /**
   * Writes the model in use down for other programs.
   * @param target new or empty folder
   * @throws AppError `judging/no-model`, `operation/target-not-empty`, `operation/target-not-writable`
   */
  exportModel(target: string): void {
    exportModel(target, this.#judge.exportable(), this.#options.appVersion);
  }

  /** Where programs may ask for predictions. */
  predictSettings(): Pick<AgentSettings, 'predictPort' | 'predictHost'> {
    return this.#settings.read();
  }

  /** Programs may ask at any moment from now on. */
  keepJudgeReady(): void {
    void this.#judge.keepReady();
  }

  /** The ways to train on this PC, and how fast they are. */
  describeMethods(): MethodReport {
    const training = this.#training;
    if (training !== null) return training.methods.report(training.loop.backend?.name ?? null);
    const { backend: requested, methodSurvey: survey } = this.#settings.read();
    return { requested, inUse: null, survey, isMeasuring: false, failed: [] };
  }

  /** How to train from now on; null: the fastest way. */
  setMethod(backend: MethodName | null): void {
    this.#settings.write({ backend });
    this.#training?.methods.chosen(backend);
    this.#training?.loop.methodChanged();
    this.emit('change');
  }

  /** Has the ways to train measured again, before the next round. */
  measureMethods(): void {
    this.#settings.write({ methodSurvey: null });
    this.#training?.methods.measureAgain();
    this.#training?.loop.methodChanged();
    this.emit('change');
  }

  /** How good parts are told from bad ones from now on. @throws AppError `judging/unknown-class` */
  setRejection(rejection: RejectionWish): void {
    this.#judge.requireClasses(rejection);
    this.#settings.write({ rejection });
  }

  /** One page of the updates that the aggregator will never take. */
  readRefused(after: number): RefusedPage {
    return readRefused(this.#database, after);
  }

  /** Where a picture lies that a window may see. @throws AppError `labels/unknown-picture`, `labels/folder-not-found` */
  findPicture(picture: string): Promise<string> {
    return this.#labelling.pathOf(picture);
  }

  /** Asks the aggregator for a file of the app's release; see {@link askForFile}. */
  askForFile(wish: FileWish): Promise<IncomingMessage> {
    return askForFile({ where: this.#identity.syncTargets(), dial: this.#network.dial }, wish);
  }

  /** What the plant's line gives to downloads beside the weights. */
  downloadRate(): RateLimit {
    return new RateLimit(bytesPerSecond(this.#settings.read().downloadLimit));
  }

  /** One page of the labels that people have given, oldest first, behind the one named. */
  readLabels(after: number): Label[] {
    return this.#labelling.list(after);
  }

  /** The three models of this plant, and which one judges new parts. */
  readModels(): ModelReport {
    return this.#models.report();
  }

  /** One page of what left this PC. */
  readLedger(query: LedgerQuery): LedgerPage {
    return this.#ledger.read(query);
  }

  /** @throws AppError `labels/folder-overlaps` */
  #setInbox(inbox: string | null): void {
    if (inbox !== null) requireApart(inbox, this.#settings.read().dataset);
    this.#settings.write({ inbox });
    this.#training?.labelsChanged();
  }

  #setPaused(isPaused: boolean): void {
    this.#settings.write({ isPaused });
    this.#training?.settingsChanged(isPaused);
  }

  #setSchedule(schedule: Partial<Schedule>): void {
    const { isPaused } = this.#settings.write(schedule);
    this.#sync.hoursChanged();
    this.#training?.settingsChanged(isPaused);
  }

  /**
   * Enrols this PC with an invitation, and goes on with the aggregator it names.
   * @param text the invitation: its link, or the content of its file
   * @throws AppError why that cannot be done; everything is as before then
   */
  async enrol(text: string, onStep: (step: EnrolStep) => void): Promise<void> {
    await this.#identity.enrol(text, onStep);
    this.#sync.end();
    if (this.#isStarted && !this.#isStopped) this.start();
  }

  /**
   * Has the device's key replaced: a new one is made, and announced at once or at the next contact.
   * @throws AppError `identity/not-enrolled`
   */
  rotateKey(): void {
    this.#identity.rotateKey();
    this.#sync.announceKey();
  }

  #renewOldKey(): void {
    this.#identity.rotateOldKey();
    this.#sync.announceKey();
  }

  /** Everything a window shows. */
  status(): AgentStatus {
    const settings = this.#settings.read();
    const { plantName, server, dataset, isPaused, roundLimit } = settings;
    const task = this.#client.task();
    const base = readBase(this.#database);
    const training = this.#training;
    const loop = training?.loop ?? null;
    const round = loop?.current ?? null;
    const datasetProblem = training?.datasetProblem ?? null;
    const problem =
      datasetProblem ?? this.#sync.problem ?? loop?.problem ?? this.#identity.clockProblem ?? null;
    const identity = this.#identity.status();
    const isServerKnown = identity !== null || server !== null;
    const phase = agentPhase({
      isConfigured: isServerKnown && dataset !== null,
      hasWeights: base !== null,
      hasFailed:
        (datasetProblem !== null && training?.dataset === null) ||
        // What may mend itself needs no person: the weights come then.
        (this.#sync.problem?.isRetryable === false && base === null),
      isPaused,
      loop: loop?.state ?? null,
    });
    return {
      appVersion: this.#options.appVersion,
      clientId: this.#client.clientId,
      plantName,
      phase,
      standstill: standstillOf({
        phase,
        loop: loop?.state ?? null,
        hold: training?.hold ?? null,
        isFinished: roundLimit !== null && this.#outbox.figures().roundsDone >= roundLimit,
        sleepsUntilMs: loop?.sleepsUntilMs ?? null,
      }),
      schedule: scheduleOf(settings),
      problem: problem === null ? null : { code: problem.code, detail: problem.detail ?? null },
      notice: this.#sync.notice,
      network: this.#sync.status(),
      security: isServerKnown ? (identity === null ? 'open-loopback' : 'enrolled') : null,
      identity,
      backend: methodStatus(training),
      task: task === null ? null : { id: task.id, name: task.name, classes: task.classes },
      dataset: datasetStatus(training?.dataset ?? null),
      model: this.#models.summary(),
      drift: training?.drift ?? null,
      reading: this.#data.progress ?? training?.reading ?? null,
      round: round === null ? null : { ...round, remainingMs: remainingMs(round, Date.now()) },
      roundLimit,
      queue: this.#outbox.figures(),
      held: this.#outbox.held(),
      refused: newestRefused(this.#database),
      disk: this.#disk.status,
      base,
      history: readHistory(this.#database, HISTORY_POINTS),
    };
  }

  /** As the trainer has them: what it sees is what a person is shown. */
  #mistakenPictures(wish: MistakeWish): Promise<MistakenPictures> {
    const paths = this.#models.mistakenPictures(wish);
    const input = this.#client.task()?.input;
    if (input?.kind !== 'image') return Promise.resolve([]);
    return smallPictures(paths, input, async (path) => (await this.#training?.storedPicture(path)) ?? null);
  }

  /** What the model before said of new pictures is not what this one says. */
  #onModelChanged(): void {
    this.#labelling.modelChanged();
    this.emit('change');
  }

  #onDatasetChosen(): void {
    this.#training?.datasetChanged();
    if (this.#isStarted && !this.#isStopped && !this.#sync.isStarted) this.start();
  }

  /** More room: training need not wait until it looks again. */
  #onDiskChange(): void {
    this.#training?.loop.obstacleChanged();
    this.emit('change');
  }

  /** Trains until the agent stops. Once per start: training lives on across connections. */
  #startTraining(): void {
    if (this.#training !== null || this.#isStopped) return;
    this.#training = new PlantTraining({
      dataFolder: this.#options.dataFolder,
      appVersion: this.#options.appVersion,
      keepSurvey: (methodSurvey) => void this.#settings.write({ methodSurvey }),
      client: this.#client,
      models: this.#models,
      task: () => this.#client.task()!,
      settings: () => this.#settings.read(),
      labelled: () => this.#labelling.labelled(),
      obstacle: () => this.#disk.obstacle(),
      roundsDone: () => this.#outbox.figures().roundsDone,
      onRoundDone: () => this.#sync.notify(),
      onWake: () => this.#sync.wake(),
      onChange: () => this.emit('change'),
      log: this.#options.log,
    });
    this.#training.start();
  }
}
