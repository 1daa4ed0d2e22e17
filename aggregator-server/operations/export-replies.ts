import { resolve } from 'node:path';
import { AppError, toAppError } from '@genba/shared/errors/app-error';
import { type AggregatorHeader, EXCHANGE_FORMAT } from '@genba/shared/exchange/header';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import type { WeightsOffer } from '@genba/shared/protocol/messages';
import { writeReply } from '../exchange/reply-file.ts';
import { openReplySigner, type ReplySigner } from '../exchange/reply-signer.ts';
import { heldReason } from '../gateway/held-notice.ts';
import type { GivenFiles } from '../identity/given-certificate.ts';
import type { BaseRecord } from '../store/catalogue.ts';
import { dataFolderPaths } from '../store/data-folder.ts';
import type { Device } from '../store/identity-register.ts';
import { openTablesHere, type Tables } from '../store/tables.ts';
import { readKeptTask } from '../store/task-files.ts';
import { AGGREGATOR_VERSION } from '../version.ts';
import { CatalogueReader } from './catalogue-reader.ts';
import { requestOperation } from './operator-request.ts';

/** How often weights are looked up anew that are replaced or removed meanwhile. */
const TRIES = 3;

/** Fewest characters by which a device may be named. */
const SHORTEST_NAME = 8;

/** Whom replies are for: exactly one of these. */
export interface Recipients {
  readonly plant?: string;
  /** A client's or a device's id, or that of its key, or how one of them begins. */
  readonly device?: string;
  readonly all?: boolean;
}

export interface ExportWish extends Recipients {
  readonly dataFolder: string;
  /** Of this task only. */
  readonly task?: string;
  /** A new file, or a folder. */
  readonly target: string;
  /** IT's certificate, where the aggregator runs with one. */
  readonly certificate?: GivenFiles;
  readonly now?: Date;
}

/** A reply that was written. */
export interface WrittenReply {
  readonly plantName: string;
  readonly clientId: string;
  readonly taskId: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly hasReceipt: boolean;
  readonly isHeld: boolean;
  readonly refusal: string | null;
  /** Version of the weights in it; null where it has none. */
  readonly version: number | null;
}

/**
 * Writes the answers of devices without a network into files, one per device: receipt, verdict and weights, as far as
 * the device does not have them. Works beside a running server; written again, a reply says the same.
 * @throws AppError `operation/unknown-device`, `exchange/nothing-to-answer`, `exchange/certificate-needed`,
 *   `exchange/not-written`, `exchange/too-large`, and those of opening a data folder
 */
export async function exportReplies(wish: ExportWish): Promise<WrittenReply[]> {
  const dataFolder = resolve(wish.dataFolder);
  const { now = new Date(), certificate = null } = wish;
  const { cataloguePath, identityPath } = dataFolderPaths(dataFolder);
  (await CatalogueReader.open(dataFolder)).close();
  const signer = await openReplySigner(identityPath, { given: certificate, now });
  const opened = await openTablesHere(cataloguePath);
  try {
    const devices = chooseDevices(await opened.tables.identities.devices(), wish);
    const written: WrittenReply[] = [];
    for (const device of devices) {
      const reply = await exportTo(device, { ...wish, dataFolder, now, signer, tables: opened.tables });
      if (reply !== null) written.push(reply);
    }
    if (written.length > 0) return written;
    const names = devices.map(({ plantName }) => plantName);
    throw new AppError('exchange/nothing-to-answer', { detail: names.join(', ').slice(0, 500) });
  } finally {
    await opened.close();
  }
}

function chooseDevices(all: readonly Device[], { plant, device, task }: ExportWish): Device[] {
  const inUse = all.filter(
    ({ revokedAt, taskId }) => revokedAt === null && (task === undefined || taskId === task),
  );
  if (plant === undefined && device === undefined) return inUse;
  const begins = (id: string | null) => id?.startsWith(device!.toLowerCase()) === true;
  const fits = ({ plantName, clientId, deviceId, keyId, nextKeyId }: Device) =>
    plant === undefined ? [clientId, deviceId, keyId, nextKeyId].some(begins) : plantName === plant;
  const isLongEnough = device === undefined || device.length >= SHORTEST_NAME;
  const found = isLongEnough ? inUse.filter(fits) : [];
  if (found.length === 1 || (plant !== undefined && found.length > 0)) return found;
  const detail = found.length === 0 ? (plant ?? device) : `${device} fits ${found.length}`;
  throw new AppError('operation/unknown-device', { detail });
}

interface Exporting extends ExportWish {
  readonly now: Date;
  readonly signer: ReplySigner;
  readonly tables: Tables;
}

/** @returns null where there is nothing for the device */
async function exportTo(device: Device, exporting: Exporting): Promise<WrittenReply | null> {
  const { dataFolder, target, signer, tables } = exporting;
  const { tasksPath, weightsPath } = dataFolderPaths(dataFolder);
  const task = await readKeptTask(tasksPath, device.taskId);
  if (task === null) throw new AppError('operation/no-description', { detail: device.taskId });
  for (let attempt = 1; ; attempt++) {
    const header = await headerFor(device, task, exporting);
    const { receipt, held, refusal, weights } = header;
    if (receipt === null && refusal === null && weights === null) return null;
    try {
      const { path, sizeBytes } = await writeReply(target, { header, weightsPath, signer });
      const { plantName, clientId, taskId } = device;
      return {
        plantName,
        clientId,
        taskId,
        path,
        sizeBytes,
        hasReceipt: receipt !== null,
        isHeld: held !== null,
        refusal: refusal?.code ?? null,
        version: weights?.globalVersion ?? null,
      };
    } catch (thrown) {
      // Installed over a connection meanwhile, replaced, or lost.
      if (toAppError(thrown).code !== 'store/damaged' || attempt === TRIES) throw thrown;
      await replaceLost(device, header.weights!, { dataFolder, tables });
    }
  }
}

async function headerFor(
  device: Device,
  task: Task,
  { dataFolder, tables, now, signer }: Exporting,
): Promise<AggregatorHeader> {
  const { taskId, clientId, plantName, keyId } = device;
  const client = await tables.catalogue.findClient(taskId, clientId);
  if (client?.isBaseEvicted && client.base?.installedAt === null) {
    await reissue({ dataFolder, taskId, clientId, baseId: client.base.baseId });
  }
  const base = (await tables.catalogue.findClient(taskId, clientId))?.base ?? null;
  const update = await tables.exchange.newestUpdate({ taskId, clientId });
  const held = await tables.screening.heldUpdate({ taskId, clientId });
  const refused = await tables.exchange.refusal({ taskId, clientId });
  // Its answer is installed: nobody waits for this receipt any more.
  const isOver = update === null || (base?.updateId === update.updateId && base.installedAt !== null);
  return {
    format: EXCHANGE_FORMAT,
    from: 'aggregator',
    createdAt: now.toISOString(),
    app: `genba-aggregator/${AGGREGATOR_VERSION}`,
    clientId,
    plantName,
    taskId,
    certificate: signer.certificate,
    keyId,
    task,
    globalVersion: await versionOf(dataFolder, taskId),
    receipt: isOver
      ? null
      : { type: 'update/receipt', updateId: update.updateId, receivedAt: update.receivedAt },
    held: held === null ? null : { type: 'update/held', updateId: held.updateId, reason: heldReason(held) },
    refusal:
      refused === null ? null : { updateId: refused.updateId, code: refused.code, detail: refused.detail },
    weights: base === null || base.installedAt !== null ? null : offerOf(base, task),
  };
}

async function versionOf(dataFolder: string, taskId: string): Promise<number> {
  const reader = await CatalogueReader.open(dataFolder);
  try {
    return reader.task(taskId).globalVersion;
  } finally {
    reader.close();
  }
}

function offerOf(base: BaseRecord, task: Task): WeightsOffer {
  const vectors = base.use === 'install-and-reference' ? 2 : 1;
  return {
    type: 'weights/offer',
    baseId: base.baseId,
    globalVersion: base.version,
    use: base.use,
    updateId: base.updateId,
    encoding: 'float32',
    sizeBytes: vectors * weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT,
    sha256: base.weightsDigest,
    staleness: base.staleness,
    mixingWeight: base.mixingWeight,
    calibration: [...base.calibration],
  };
}

/** The file of weights is gone. Where the client's base is still the same, others take their place. */
async function replaceLost(
  { taskId, clientId }: Device,
  weights: WeightsOffer,
  { dataFolder, tables }: Pick<Exporting, 'dataFolder' | 'tables'>,
): Promise<void> {
  const base = (await tables.catalogue.findClient(taskId, clientId))?.base;
  if (base?.baseId !== weights.baseId || base.installedAt !== null) return;
  await reissue({ dataFolder, taskId, clientId, baseId: weights.baseId });
}

async function reissue(of: {
  readonly dataFolder: string;
  readonly taskId: string;
  readonly clientId: string;
  readonly baseId: string;
}): Promise<void> {
  const { dataFolder, taskId, clientId, baseId } = of;
  await requestOperation({ dataFolder, taskId, command: { kind: 'reissue', clientId, baseId } });
}
