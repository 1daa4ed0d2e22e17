import { randomUUID } from 'node:crypto';
import os from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { pino } from 'pino';
import { TaskEngine } from '../engine/task-engine.ts';
import { FileImporter } from '../exchange/file-importer.ts';
import { dataFolderPaths } from '../store/data-folder.ts';
import { openStore, type Store } from '../store/open-store.ts';
import {
  type AnyRequest,
  type ExchangeCommand,
  isAboutFile,
  type NewOperatorRequest,
  type OperatorCommand,
  type OperatorResult,
  type OperatorTable,
} from '../store/operator-table.ts';
import { KEEP_EVERYTHING } from '../store/retention-policy.ts';
import { SqliteConnection } from '../store/sqlite-connection.ts';
import { SqliteOperators } from '../store/sqlite-operators.ts';
import { readKeptTask } from '../store/task-files.ts';
import { CatalogueReader } from './catalogue-reader.ts';

/** Time between two looks whether the server has answered, milliseconds. */
const LOOK_EVERY_MS = 100;

/** How long a running server may take, milliseconds: it finishes the updates in its queue first. */
export const ANSWER_DEADLINE_MS = 120_000;

export interface OperatorRequestOptions {
  readonly dataFolder: string;
  readonly taskId: string;
  readonly command: OperatorCommand | ExchangeCommand;
  /** Who waits, milliseconds; {@link ANSWER_DEADLINE_MS} when left out. */
  readonly deadlineMs?: number;
  /** Told while a running server has not answered yet. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal;
}

type NewRequest = NewOperatorRequest<OperatorCommand | ExchangeCommand>;

/**
 * Has an operator's request carried out: by the server that has the data folder, or, where none has, here and now. Either
 * way it is written down first and carried out exactly once.
 * @throws AppError `operation/unanswered` (withdrawn: nothing was changed), the code of a request that failed,
 *   `operation/no-catalogue`, `operation/unknown-task`, `operation/old-catalogue`, `operation/no-description`, and those of
 *   opening a data folder; the signal's reason when it was withdrawn because of that
 */
export async function requestOperation(options: OperatorRequestOptions): Promise<OperatorResult> {
  const { dataFolder, taskId, command } = options;
  const path = resolve(dataFolder);
  await requireTask(path, taskId);
  const request: NewRequest = {
    requestId: randomUUID(),
    taskId,
    command,
    requestedAt: new Date().toISOString(),
    requestedBy: whoAsks(),
  };
  const store = await openUnlessTaken(path);
  const ended = store === null ? await askServer(path, request, options) : await doHere(store, path, request);
  const { result } = ended;
  if (result === null)
    throw new Error(`request ${request.requestId} ended as ${ended.state} without a result`);
  if (result.kind === 'failed') throw new AppError(result.code, { detail: result.detail ?? undefined });
  return result;
}

async function requireTask(path: string, taskId: string): Promise<void> {
  const catalogue = await CatalogueReader.open(path);
  try {
    catalogue.task(taskId);
  } finally {
    catalogue.close();
  }
}

/** null: a server, or another command, has it. */
async function openUnlessTaken(path: string): Promise<Store | null> {
  try {
    return await openStore(path, { policy: KEEP_EVERYTHING });
  } catch (thrown) {
    if (toAppError(thrown).code === 'startup/already-running') return null;
    throw thrown;
  }
}

async function askServer(
  path: string,
  request: NewRequest,
  { deadlineMs = ANSWER_DEADLINE_MS, onWait, signal }: OperatorRequestOptions,
): Promise<AnyRequest> {
  const connection = SqliteConnection.openAsGuest(dataFolderPaths(path).cataloguePath);
  try {
    const operators = new SqliteOperators(connection);
    await operators.ask(request);
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const found = await operators.find(request.requestId);
      if (found !== null && found.state !== 'waiting') return found;
      if (signal?.aborted || performance.now() > deadline) {
        if (await withdraw(operators, request)) {
          signal?.throwIfAborted();
          throw new AppError('operation/unanswered', { detail: `within ${deadlineMs / 1000} s` });
        }
        // It was carried out in this very moment: look once more.
        continue;
      }
      onWait?.();
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    connection.close();
  }
}

function withdraw(operators: OperatorTable, { requestId }: NewRequest): Promise<boolean> {
  return operators.withdraw({ requestId, finishedAt: new Date().toISOString() });
}

/** Without a server: the same engine does what it would do there, after all updates that wait. */
async function doHere(store: Store, path: string, request: NewRequest): Promise<AnyRequest> {
  const { taskId, requestId } = request;
  let engine: TaskEngine | undefined;
  try {
    const task = await readKeptTask(dataFolderPaths(path).tasksPath, taskId);
    if (task === null) throw new AppError('operation/no-description', { detail: taskId });
    const checkSet = await store.screening.checkSet(taskId);
    const log = pino({ level: 'silent' });
    engine = await TaskEngine.open({ ...store, task, checkSet, log });
    await store.operators.ask(request);
    // The compiler does not see that a command of either union makes a request of either.
    const waiting = { ...request, state: 'waiting', result: null, finishedAt: null } as AnyRequest;
    const files = new FileImporter({
      engines: new Map([[taskId, engine]]),
      store,
      ...dataFolderPaths(path),
      log,
    });
    await (isAboutFile(waiting) ? files.execute(waiting) : engine.execute(waiting));
    await engine.whenIdle();
    return (await store.operators.find(requestId))!;
  } finally {
    await engine?.close();
    await store.close();
  }
}

/** Account and computer. */
function whoAsks(): string {
  return `${accountName()}@${os.hostname()}`;
}

function accountName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // An account without an entry, as in some containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
