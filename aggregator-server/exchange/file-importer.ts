import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { DeviceHeader } from '@genba/shared/exchange/header';
import type { Logger } from 'pino';
import type { TaskEngine } from '../engine/task-engine.ts';
import { lackedBy, tooOld } from '../gateway/handshake.ts';
import { readServing } from '../identity/serving-file.ts';
import type { BaseRecord } from '../store/catalogue.ts';
import type { Device } from '../store/identity-register.ts';
import type { Store } from '../store/open-store.ts';
import type { ExchangeRequest, ImportedFile, OperatorResult } from '../store/operator-table.ts';
import { type DeviceFile, openDeviceFile } from './device-file.ts';
import { admitByFile } from './file-admission.ts';
import { type Uploaded, uploadFromFile } from './file-upload.ts';

/** How long an import waits for its update to be merged before it answers, milliseconds: then the reply may be written. */
const MERGE_DEADLINE_MS = 60_000;

/** A copy of a file that nobody asked to take in for this long is removed at a start, milliseconds (a day). */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** The named moments of an import, in order; a crash at any of them loses nothing, and the next start carries on. */
export const IMPORT_STEPS = ['admitted', 'installed', 'journaled', 'refusal', 'issued', 'ended'] as const;
export type ImportStep = (typeof IMPORT_STEPS)[number];

/** Lost bases; a device that calls again over a connection asks for fresh weights by itself. */
const LOST_BASE = new Set(['update/unknown-base', 'update/future-base']);

export interface FileImporterOptions {
  readonly engines: ReadonlyMap<string, TaskEngine>;
  readonly store: Store;
  /** Folder of the files that wait to be taken in. */
  readonly importsPath: string;
  /** Folder of authority, certificate and addresses. */
  readonly identityPath: string;
  readonly log: Logger;
  /** Called at each step and awaited; tests stop there. */
  readonly onStep?: (step: ImportStep) => void | Promise<void>;
}

/** Where a file that a command has copied waits. @param file its name there: a UUID, so that no two commands meet */
export function importPath(importsPath: string, file: string): string {
  return join(importsPath, `${file}.genba-import`);
}

/**
 * Takes files of devices in, while the server runs or not. All that it does is the same when it is done again, so a
 * request that a stop has cut off is simply carried out once more.
 */
export class FileImporter {
  readonly #options: FileImporterOptions;

  constructor(options: FileImporterOptions) {
    this.#options = options;
  }

  /** Carries out a request and ends it. Resolves when it has ended. */
  async execute(request: ExchangeRequest): Promise<void> {
    const { store, importsPath, onStep = () => undefined } = this.#options;
    const { requestId, command } = request;
    // One that was withdrawn before its turn never happens.
    if ((await store.operators.find(requestId))?.state === 'waiting') await this.#end(request);
    await onStep('ended');
    if (command.kind === 'import') await rm(importPath(importsPath, command.file), { force: true });
  }

  /** Removes copies that no request waits for: a command was cut off before it could ask. */
  async clear(): Promise<void> {
    const { store, importsPath } = this.#options;
    const waiting = (await store.operators.waiting()).flatMap(({ command }) =>
      command.kind === 'import' ? [importPath(importsPath, command.file)] : [],
    );
    const names = await readdir(importsPath).catch(() => []);
    for (const path of names.map((name) => join(importsPath, name))) {
      const ageMs = Date.now() - (await stat(path)).mtimeMs;
      // A command may be about to ask.
      if (!waiting.includes(path) && ageMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
    }
  }

  async #end(request: ExchangeRequest): Promise<void> {
    const { store, log } = this.#options;
    const { requestId, taskId, command, requestedBy } = request;
    const entry = { taskId, requestId, command, requestedBy };
    const end = () => ({ requestId, finishedAt: new Date().toISOString() });
    try {
      const result = await this.#carryOut(request);
      await store.operators.finish({ ...end(), result });
      log.info({ ...entry, result }, 'request about a file done');
    } catch (thrown) {
      const { code, message, detail = null } = toAppError(thrown);
      log.error({ ...entry, code, message }, 'request about a file failed');
      await store.operators.fail({ ...end(), code, detail });
    }
  }

  async #carryOut({ taskId, command }: ExchangeRequest): Promise<OperatorResult> {
    const { engines, importsPath } = this.#options;
    const engine = engines.get(taskId);
    if (engine === undefined) throw new AppError('operation/unknown-task', { detail: taskId });
    if (command.kind === 'reissue') {
      const { clientId, baseId } = command;
      return { kind: 'reissue', baseId: (await engine.reissue({ clientId, baseId })).baseId };
    }
    const file = await openDeviceFile(importPath(importsPath, command.file));
    try {
      return await this.#takeIn(file, engine);
    } finally {
      await file.close();
    }
  }

  async #takeIn(file: DeviceFile, engine: TaskEngine): Promise<ImportedFile> {
    const { store, onStep = () => undefined } = this.#options;
    const { header } = file;
    const device = await this.#admit(file, engine);
    await onStep('admitted');
    const { taskId, clientId, plantName } = device;
    const seenAt = new Date().toISOString();
    const program = { app: header.app, lacks: [] };
    await store.catalogue.seeClient({ taskId, clientId, plantName, seenAt, program });
    if (header.baseId !== null) await engine.markInstalled({ baseId: header.baseId, clientId });
    await onStep('installed');
    const uploaded = header.update === null ? null : await this.#upload(file, header.update, engine);
    await onStep('refusal');
    await this.#issue(header, uploaded, engine);
    await onStep('issued');
    await Promise.race([engine.whenIdle(), delay(MERGE_DEADLINE_MS, undefined, { ref: false })]);
    const journaled = uploaded?.kind === 'journaled' ? uploaded : null;
    const update = journaled === null ? null : await store.catalogue.findUpdate(journaled.update.updateId);
    return {
      kind: 'import',
      taskId,
      clientId,
      plantName,
      hasEnrolled: header.enrol !== null,
      updateId: header.update?.updateId ?? null,
      updateState: update?.state ?? null,
      refusal: uploaded?.kind === 'refused' ? uploaded.code : null,
      isKnown: journaled?.isKnown ?? false,
    };
  }

  /** Everything that can be said against a file before anything changes. */
  async #admit(file: DeviceFile, { task }: TaskEngine): Promise<Device> {
    const { store, identityPath } = this.#options;
    const { certificate, taskId, capabilities } = file.header;
    const serving = await readServing(identityPath);
    if (serving?.certificate !== certificate) throw new AppError('exchange/other-aggregator');
    if (taskId !== task.id) throw new AppError('task/unknown', { detail: taskId });
    const lacks = lackedBy({ capabilities }, task);
    if (lacks.length > 0) throw tooOld(lacks, task);
    await file.provePayloads();
    return admitByFile(store.identities, file.header);
  }

  async #upload(
    file: DeviceFile,
    update: NonNullable<DeviceHeader['update']>,
    engine: TaskEngine,
  ): Promise<Uploaded> {
    const { store, log, onStep = () => undefined } = this.#options;
    const { clientId } = file.header;
    const uploaded = await uploadFromFile(file, update, { clientId, engine, store, log });
    await onStep('journaled');
    if (uploaded.kind === 'refused') {
      const { code, detail } = uploaded;
      const refusedAt = new Date().toISOString();
      const of = { taskId: engine.task.id, clientId, updateId: update.updateId };
      await store.exchange.keepRefusal({ ...of, code, detail, refusedAt });
    }
    return uploaded;
  }

  /** Issues fresh weights where the device cannot go on without; once for each request. */
  async #issue(header: DeviceHeader, uploaded: Uploaded | null, engine: TaskEngine): Promise<void> {
    const { store } = this.#options;
    const { clientId, weights } = header;
    const taskId = engine.task.id;
    const base = (await store.catalogue.findClient(taskId, clientId))?.base ?? null;
    if (!(await this.#needsWeights(header, uploaded, base))) return;
    // A stop after the weights were issued: they wait for the device already.
    const isIssued = base !== null && base.installedAt === null && base.updateId === null;
    if (!isIssued) await engine.join(clientId);
    const answeredAt = new Date().toISOString();
    await store.exchange.keepAnswered({ taskId, clientId, requestId: weights.requestId, answeredAt });
  }

  async #needsWeights(
    { weights, baseId }: DeviceHeader,
    uploaded: Uploaded | null,
    base: BaseRecord | null,
  ): Promise<boolean> {
    const { store } = this.#options;
    if (await store.exchange.isAnswered(weights.requestId)) return false;
    if (weights.isWanted) return true;
    if (uploaded?.kind !== 'refused' || !LOST_BASE.has(uploaded.code)) return false;
    // It has other weights to fetch.
    if (base !== null && base.installedAt === null) return false;
    // A base that is known is an earlier one, and this an old file, or a device restored from a copy: its next file tells.
    return baseId === null || (await store.catalogue.findBase(baseId)) === null;
  }
}
