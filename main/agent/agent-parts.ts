import os from 'node:os';
import { AppError } from '@genba/shared/errors/app-error';
import type { Logger } from 'pino';
import { ShiftRecorder } from './changes/shift-recorder.ts';
import { DatasetChoice } from './dataset/dataset-choice.ts';
import { DiskWatch } from './disk/disk-watch.ts';
import { ExchangeStore } from './exchange/exchange-store.ts';
import { FileExchange, type FileExchangeOptions } from './exchange/file-exchange.ts';
import { DeviceIdentity } from './identity/device-identity.ts';
import { DeviceStore } from './identity/device-store.ts';
import { FileKeyStore } from './identity/key-store.ts';
import { Judge } from './judging/judge.ts';
import { ChosenModel, NewestOwnModel } from './judging/model-in-use.ts';
import { suggestBy } from './judging/suggest.ts';
import { Watches } from './judging/watches.ts';
import { LabelStore } from './labelling/label-store.ts';
import { Labelling } from './labelling/labelling.ts';
import { PlantModels } from './model/plant-models.ts';
import { PlantNetwork } from './network/plant-network.ts';
import type { ProxyLogin } from './network/proxy-setting.ts';
import type { PlantTraining } from './rounds/plant-training.ts';
import { ClientStore } from './store/client-store.ts';
import { type AgentDatabase, openAgentDatabase } from './store/database.ts';
import { Ledger } from './store/ledger.ts';
import { Outbox } from './store/outbox.ts';
import { type AgentSettings, SettingsStore } from './store/settings.ts';
import { PlantSync } from './sync/plant-sync.ts';

export interface AgentOptions {
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly log: Logger;
  /** Settings given at this start; they are kept for the next ones. */
  readonly settings: Partial<AgentSettings>;
  /** Who this PC is to its proxy; kept for the next starts, apart from the settings. */
  readonly proxyLogin?: ProxyLogin | null;
  /** Answers, but neither trains nor sends until `begin-work`: an update has yet to prove itself, and may be gone back on. */
  readonly isOnTrial?: boolean;
}

/** What the agent of a plant is made of. */
export interface AgentParts {
  readonly options: AgentOptions;
  readonly database: AgentDatabase;
  readonly settings: SettingsStore;
  readonly client: ClientStore;
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly disk: DiskWatch;
  readonly identity: DeviceIdentity;
  readonly files: FileExchange;
  readonly data: DatasetChoice;
  readonly labelling: Labelling;
  readonly judge: Judge;
  readonly watches: Watches;
  readonly models: PlantModels;
  readonly network: PlantNetwork;
  readonly sync: PlantSync;
  readonly shifts: ShiftRecorder;
  /** Null until there is a task to train. */
  training: PlantTraining | null;
}

/** What the parts tell the agent that holds them. */
export interface PartsContext {
  /** Something a window shows has changed. */
  readonly onChange: () => void;
  /** The aggregator has let this plant in, with its task. */
  readonly onWelcome: () => void;
  /** Another folder or file was chosen to train on. */
  readonly onDatasetChosen: () => void;
  /** See `FileExchangeOptions`. */
  readonly offline: FileExchangeOptions['offline'];
}

/**
 * Makes the parts of an agent and joins them; nothing runs yet.
 * @throws AppError `startup/data-not-writable`, `startup/already-running`, `store/newer-database`; `tls/required`
 *   when a server is given where this PC has enrolled; `proxy/bad-setting` for a login that no proxy understands
 */
export function assembleParts(options: AgentOptions, context: PartsContext): AgentParts {
  const { appVersion, dataFolder, log, proxyLogin } = options;
  const { onChange } = context;
  const database = openAgentDatabase(dataFolder);
  const settings = new SettingsStore(database, os.hostname());
  const client = new ClientStore(database);
  const outbox = new Outbox(database);
  const ledger = new Ledger(database);
  ledger.closeAbandoned();
  const device = new DeviceStore(database, new FileKeyStore(dataFolder));
  if (typeof options.settings.server === 'string' && device.enrolment() !== null) {
    database.close();
    throw new AppError('tls/required', { detail: `--server ${options.settings.server}` });
  }
  settings.write(options.settings);
  const task = () => client.task();
  const network = new PlantNetwork({ settings, dataFolder, log });
  if (proxyLogin) network.keepLogin(proxyLogin);
  const disk = new DiskWatch({
    dataFolder,
    task,
    quotaBytes: () => settings.read().quotaBytes,
    log,
    // More room: training need not wait until it looks again.
    onChange: () => {
      parts.training?.loop.obstacleChanged();
      onChange();
    },
  });
  const identity = new DeviceIdentity({ device, client, settings, appVersion, dial: network.dial, log });
  const sync = new PlantSync({
    dataFolder,
    appVersion,
    log,
    settings,
    client,
    outbox,
    ledger,
    device,
    identity,
    network,
    onChange,
    onWelcome: context.onWelcome,
    onInstalled: () => parts.training?.loop.weightsInstalled(),
    onSharedModel: () => parts.training?.loop.modelsDue(),
  });
  const files = new FileExchange({
    device,
    client,
    outbox,
    exchange: new ExchangeStore(database),
    ledger,
    identity,
    appVersion,
    log,
    offline: context.offline,
  });
  const models = new PlantModels(database, () => {
    // What the model before said of new pictures is not what this one says.
    labelling.modelChanged();
    onChange();
  });
  const judge = new Judge({
    dataFolder,
    task,
    modelInUse: new ChosenModel(models, new NewestOwnModel(database, client)),
    backend: () => settings.read().backend,
    rejection: () => settings.read().rejection,
  });
  const watches = new Watches({
    judge,
    database,
    inputKind: () => client.task()?.input.kind ?? null,
    read: () => settings.read().watches,
    write: (list) => settings.write({ watches: list }),
    onChange,
  });
  const labelling = new Labelling({
    store: new LabelStore(database),
    task,
    folder: () => settings.read().inbox,
    suggest: suggestBy(judge),
    onLabels: () => parts.training?.labelsChanged(),
  });
  const data = new DatasetChoice({
    settings,
    task,
    isRead: () => parts.training?.dataset?.summary.path === settings.read().dataset,
    onProgress: onChange,
    onChosen: context.onDatasetChosen,
  });
  const shifts = new ShiftRecorder({
    database,
    problem: () => currentProblem(parts)?.code ?? null,
    network: () => sync.status().state,
    watches: () => watches.statuses,
    log,
  });
  const parts: AgentParts = {
    options,
    database,
    settings,
    client,
    outbox,
    ledger,
    disk,
    identity,
    files,
    data,
    labelling,
    judge,
    watches,
    models,
    network,
    sync,
    shifts,
    training: null,
  };
  return parts;
}

/** What a person should know of first; null when all is well. */
export function currentProblem({ identity, sync, training }: AgentParts): AppError | null {
  return training?.datasetProblem ?? sync.problem ?? training?.loop.problem ?? identity.clockProblem ?? null;
}
