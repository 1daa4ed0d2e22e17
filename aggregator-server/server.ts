import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import { type Logger, pino } from 'pino';
import { OperatorDesk } from './engine/operator-desk.ts';
import type { StepHook } from './engine/steps.ts';
import { TaskEngine, type TaskEngineOptions } from './engine/task-engine.ts';
import { FileImporter, type ImportStep } from './exchange/file-importer.ts';
import { DEFAULT_ADMISSION_LIMITS } from './gateway/admission-limits.ts';
import { Gateway } from './gateway/gateway.ts';
import { isLoopbackHost } from './gateway/loopback.ts';
import { AuditAnchor } from './identity/audit-anchor.ts';
import type { Security } from './identity/security.ts';
import type { Serving } from './identity/serving-file.ts';
import { TlsDoor } from './identity/tls-door.ts';
import { readStartWeights } from './start-weights.ts';
import type { AuditNote } from './store/audit-chain.ts';
import { dataFolderPaths } from './store/data-folder.ts';
import { openStore } from './store/open-store.ts';
import { Retention } from './store/retention.ts';
import { DEFAULT_RETENTION, type RetentionPolicy } from './store/retention-policy.ts';
import type { StoreThreads } from './store/store-threads.ts';
import { keepTask } from './store/task-files.ts';
import { AGGREGATOR_VERSION } from './version.ts';

/** How long a server that starts waits for a command that has its folder for a moment, milliseconds. */
const COMMAND_PATIENCE_MS = 5_000;

export interface AggregatorOptions {
  /** Folder of catalogue, weights and transfers; created where it does not exist. */
  readonly dataFolder: string;
  /** At least one; ids differ. */
  readonly tasks: readonly Task[];
  /** Who may connect, and how. */
  readonly security: Security;
  /** A name or address to listen on; when left out all of them, or 127.0.0.1 where everybody is let in. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Folders of held-out examples that updates are judged on, by task id. */
  readonly checkSets?: ReadonlyMap<string, string>;
  /** Models of TensorFlow.js that new tasks begin with (their `model.json`), by task id; others are drawn by their seeds. */
  readonly startWeights?: ReadonlyMap<string, string>;
  /** Silent when left out. */
  readonly log?: Logger;
  /** Time between two pings, milliseconds. */
  readonly heartbeatMs?: number;
  /** How much of the past is kept; {@link DEFAULT_RETENTION} when left out. */
  readonly retention?: RetentionPolicy;
  /** Free disk space below which no update is accepted, bytes. */
  readonly reserveBytes?: number;
  /** Most memory for what is merged without being read, bytes; {@link DEFAULT_MERGE_MEMORY_BYTES} when left out. */
  readonly mergeMemoryBytes?: number;
  readonly now?: () => Date;
  /** Called at each step of an update's way; for tests that stop the engine there. */
  readonly onStep?: StepHook;
  /** Called at each step of a file's way in; for tests that stop there. */
  readonly onImportStep?: (step: ImportStep) => void | Promise<void>;
  /** Makes what runs a task's strategy; a thread each when left out. */
  readonly startRunner?: TaskEngineOptions['startRunner'];
  /** Where the store's slow work is done; in threads of its own when left out. */
  readonly storeThreads?: StoreThreads;
}

/** A running aggregator. */
export interface Aggregator {
  /** `http://ADDRESS:PORT` or `https://ADDRESS:PORT` */
  readonly address: string;
  /** What invitations name; null where everybody on this computer is let in. */
  readonly serving: Serving | null;
  /** Resolves when the aggregator had to stop by itself and has closed, with the reason. */
  readonly failed: Promise<Error>;
  /** Resolves when every update received so far is applied. */
  whenIdle(): Promise<void>;
  /** Finishes the merges in progress, ends all sessions and frees the data folder. */
  close(): Promise<void>;
}

/**
 * Starts an aggregator in this process: opens the data folder, replays what was received but not applied, listens.
 * When anything fails, everything opened so far is closed again.
 * @throws AppError `check-set/unusable`, `startup/*`, `store/*`, `task/changed`, `task/invalid` (two tasks with one id, start weights that do not fit), `server/storage`
 */
export async function startAggregator(options: AggregatorOptions): Promise<Aggregator> {
  const { dataFolder, tasks, security, log = pino({ level: 'silent' }), port } = options;
  const { onStep, startRunner, storeThreads, reserveBytes, mergeMemoryBytes } = options;
  const { checkSets = new Map(), startWeights = new Map() } = options;
  const { retention: policy = DEFAULT_RETENTION, now = () => new Date() } = options;
  const unserved = [...checkSets.keys()].find((id) => tasks.every((task) => task.id !== id));
  if (unserved !== undefined)
    throw new AppError('check-set/unusable', { detail: `${unserved}: no task file has this id` });
  const unbegun = [...startWeights.keys()].find((id) => tasks.every((task) => task.id !== id));
  if (unbegun !== undefined)
    throw new AppError('task/invalid', { detail: `--start-weights: ${unbegun}: no task file has this id` });
  const isOpen = security.kind === 'open-loopback';
  const host = options.host ?? (isOpen ? '127.0.0.1' : undefined);
  if (isOpen && !isLoopbackHost(host ?? ''))
    throw new AppError('startup/host-not-loopback', { detail: host });
  const store = await openStore(dataFolder, {
    threads: storeThreads,
    policy,
    now: now(),
    reserveBytes,
    mergeMemoryBytes,
    patienceMs: COMMAND_PATIENCE_MS,
  });
  const { catalogue, weights } = store;
  const retention = new Retention({ catalogue, weights, policy, log, now });
  const keepWithin = () => retention.keepWithin();
  const engines = new Map<string, TaskEngine>();
  let desk: OperatorDesk | undefined;
  let door: TlsDoor | null = null;
  let gateway: Gateway | undefined;
  const anchor = new AuditAnchor({ register: store.identities, log });
  const closeAll = async () => {
    door?.close();
    await gateway?.close();
    await desk?.close();
    await Promise.all([...engines.values()].map((engine) => engine.close()));
    await retention.close();
    await anchor.close();
    await store.close();
  };
  try {
    for (const task of tasks) {
      if (engines.has(task.id))
        throw new AppError('task/invalid', { detail: `id: "${task.id}" is given twice` });
      const checkSet = checkSets.get(task.id) ?? null;
      const startPath = startWeights.get(task.id);
      const firstWeights = startPath === undefined ? null : () => readStartWeights(startPath, task);
      const tools = { startRunner, mergeMemoryBytes, keepWithin };
      const opened = { ...store, task, log, now, onStep, checkSet, firstWeights, ...tools };
      engines.set(task.id, await TaskEngine.open(opened));
      await keepTask(dataFolderPaths(dataFolder).tasksPath, task);
    }
    await retention.keepWithin();
    retention.start();
    const { onImportStep } = options;
    const files = new FileImporter({
      engines,
      store,
      ...dataFolderPaths(dataFolder),
      log,
      onStep: onImportStep,
    });
    await files.clear();
    desk = new OperatorDesk({ ...store, engines, files, log });
    const { heartbeatMs } = options;
    const folder = dataFolderPaths(dataFolder).identityPath;
    door = isOpen ? null : await TlsDoor.open({ security, folder, host, log });
    const limits = { ...DEFAULT_ADMISSION_LIMITS, ...(isOpen ? {} : security.limits) };
    const secure = door && { presented: door.presented, limits };
    const { updatesPath: updatesFolder } = dataFolderPaths(dataFolder);
    const shared = { engines, store, retention, updatesFolder, log };
    const listening = await Gateway.listen({ ...shared, secure, host, port, heartbeatMs });
    gateway = listening;
    const serving = (await door?.publish(listening.port)) ?? null;
    await store.identities.note(startNote(security, serving));
    await anchor.start();
    if (isOpen) log.warn('no encryption, no identities: whoever is on this computer may take part');
    door?.keepRenewing((presented) => listening.present(presented));
    let closing: Promise<void> | undefined;
    const close = () => {
      closing ??= closeAll();
      return closing;
    };
    // Without its catalogue it cannot tell what is true. The next start reads that from the disk.
    const failed = store.lost.then(async (error) => {
      log.fatal({ code: toAppError(error).code, message: error.message }, 'catalogue lost, stopping');
      await close();
      return error;
    });
    return {
      address: listening.address,
      serving,
      failed,
      whenIdle: async () => {
        await Promise.all([...engines.values()].map((engine) => engine.whenIdle()));
      },
      close,
    };
  } catch (thrown) {
    await closeAll();
    throw thrown;
  }
}

function startNote({ kind }: Security, serving: Serving | null): AuditNote {
  const detail = {
    security: kind,
    version: AGGREGATOR_VERSION,
    addresses: serving?.addresses ?? [],
    certificate: serving?.certificate ?? null,
  };
  const nobody = { taskId: null, clientId: null, remoteAddress: null };
  return { at: new Date().toISOString(), event: 'server-started', actor: 'server', ...nobody, detail };
}
