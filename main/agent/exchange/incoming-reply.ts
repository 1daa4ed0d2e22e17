import { randomUUID } from 'node:crypto';
import { AppError } from '@genba/shared/errors/app-error';
import type { AggregatorHeader } from '@genba/shared/exchange/header';
import type { ImportedReply } from '@genba/shared/local-api/exchange';
import { weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import type { WeightsOffer } from '@genba/shared/protocol/messages';
import type { DeviceStore, Enrolment } from '../identity/device-store.ts';
import type { ClientStore } from '../store/client-store.ts';
import { LOST_BASE_CODES, type Outbox } from '../store/outbox.ts';
import { toWeights } from '../store/weights-blob.ts';
import { verifySeal } from './aggregator-seal.ts';
import type { ExchangeStore } from './exchange-store.ts';
import { type OpenFile, openFile } from './read-file.ts';

/** The named moments of taking a reply in, in order; a crash at any of them loses nothing, and the file is imported again. */
export const IMPORT_STEPS = ['enrolled', 'task', 'refusal', 'receipt', 'held', 'weights'] as const;
export type ImportStep = (typeof IMPORT_STEPS)[number];

/** What a reply is taken into. */
export interface IncomingContext {
  readonly device: DeviceStore;
  readonly client: ClientStore;
  readonly outbox: Outbox;
  readonly exchange: ExchangeStore;
  /** Makes an enrolment this PC's own, with `more` in the same transaction; durable when it returns. */
  readonly complete: (enrolment: Enrolment, more: () => void) => void;
  /** Called after each step; tests stop there. */
  readonly onStep?: (step: ImportStep) => void;
  readonly now?: () => Date;
}

/** A reply that is proved to come from this PC's aggregator and to be for this PC, with its weights in memory. */
export interface ProvedReply {
  readonly header: AggregatorHeader;
  readonly weights: Buffer | null;
  /** The enrolment it completes; null where that is done. */
  readonly enrolment: Enrolment | null;
}

/** How one part of a reply stands to what this PC knows. */
type Standing = 'new' | 'known' | 'outdated';

/**
 * Reads a reply and proves it, from its form to the digest of its weights. Nothing is changed.
 * @throws AppError `exchange/not-found`, `exchange/damaged`, `exchange/newer-format`, `exchange/wrong-direction`,
 *   `exchange/other-aggregator`, `exchange/other-device`, `exchange/bad-signature`, `exchange/older-reply`, `tls/…`,
 *   `identity/not-enrolled`, `task/changed`
 */
export async function proveReply(path: string, context: IncomingContext): Promise<ProvedReply> {
  const file = await openFile(path);
  try {
    const { header } = file;
    if (header.from !== 'aggregator') throw new AppError('exchange/wrong-direction', { detail: path });
    const enrolment = trustedEnrolment(file, header, context);
    requireThisPlace(header, context);
    requireFittingWeights(header);
    const weights = header.weights === null ? null : await file.payload(0);
    return { header, weights, enrolment };
  } finally {
    await file.close();
  }
}

/** Proves who wrote the file. @returns what is to be enrolled with it; null where this PC has enrolled before */
function trustedEnrolment(
  file: OpenFile,
  { certificate, keyId }: AggregatorHeader,
  { device, exchange, now = () => new Date() }: IncomingContext,
): Enrolment | null {
  const requested = exchange.requestedEnrolment();
  const enrolled = device.enrolment();
  if (requested !== null && requested.certificate === certificate && device.enrollingKeyId === keyId) {
    const anchor = verifySeal(file, requested, now());
    return { ...requested, anchor, enrolledAt: now().toISOString() };
  }
  if (enrolled === null && requested === null) throw new AppError('identity/not-enrolled');
  if (enrolled?.certificate !== certificate) {
    if (requested?.certificate !== certificate) throw new AppError('exchange/other-aggregator');
    // Of the right aggregator, but about a key that is not this PC's, or no longer.
    verifySeal(file, requested, now());
    throw new AppError('exchange/older-reply', { detail: 'it answers an earlier key of this PC' });
  }
  verifySeal(file, enrolled, now());
  return null;
}

function requireThisPlace(header: AggregatorHeader, { client }: IncomingContext): void {
  const { clientId, plantName, taskId, task } = header;
  if (clientId !== client.clientId) throw new AppError('exchange/other-device', { detail: plantName });
  const known = client.task();
  const isSameTask = task.id === taskId && (known === null || known.id === taskId);
  if (!isSameTask || (known !== null && layoutOf(known) !== layoutOf(task))) {
    throw new AppError('task/changed', { detail: taskId });
  }
}

function layoutOf(task: Task): string {
  return JSON.stringify(weightLayout(task));
}

/** Before memory is spent on them. */
function requireFittingWeights({ weights, task }: AggregatorHeader): void {
  if (weights === null) return;
  const vectors = weights.use === 'install-and-reference' ? 2 : 1;
  const expected = vectors * weightLayout(task).size * Float32Array.BYTES_PER_ELEMENT;
  if (weights.sizeBytes === expected) return;
  throw new AppError('exchange/damaged', { detail: `${weights.sizeBytes} bytes for a model of ${expected}` });
}

/**
 * Takes a proved reply in, by the same transactions as a reply that came over a connection. Again it changes nothing.
 * @throws AppError `exchange/older-reply` when it tells nothing new and something that is over; `exchange/unknown-update`
 *   when its weights answer an update that this PC never had
 */
export function takeReply(
  { header, weights, enrolment }: ProvedReply,
  context: IncomingContext,
): ImportedReply {
  const { client, exchange, complete, onStep = () => undefined } = context;
  if (enrolment !== null) complete(enrolment, () => exchange.forgetRequestedEnrolment());
  onStep('enrolled');
  client.saveTask(header.task);
  onStep('task');
  const refusal = takeRefusal(header, context);
  onStep('refusal');
  const receipt = takeReceipt(header, context);
  onStep('receipt');
  const held = takeHeld(header, context);
  onStep('held');
  const installed = takeWeights(header, weights, context, refusal);
  onStep('weights');
  const standings = [refusal, receipt, held, installed];
  const isNew = enrolment !== null || standings.includes('new');
  // Its weights are those in use: whatever else it says is over because of them.
  if (!isNew && installed !== 'known' && standings.includes('outdated'))
    throw new AppError('exchange/older-reply');
  return {
    kind: 'imported',
    plantName: header.plantName,
    taskId: header.taskId,
    isNew,
    hasEnrolled: enrolment !== null,
    hasReceipt: receipt !== null,
    heldReason: header.held?.reason ?? null,
    refusal: header.refusal?.code ?? null,
    installedVersion: installed === 'new' ? header.weights!.globalVersion : null,
  };
}

/** What follows from a refusal is what follows from it on a connection; see docs/PROTOCOL.md. */
function takeRefusal({ refusal }: AggregatorHeader, { outbox, exchange }: IncomingContext): Standing | null {
  if (refusal === null) return null;
  const { updateId, code } = refusal;
  const isOutstanding = outbox.isOutstanding(updateId);
  if (!isOutstanding) return 'outdated';
  if (code === 'update/encoding-refused') {
    if (outbox.next()?.encoding === 'float32') return 'known';
    outbox.sendInFull(updateId);
  } else if (LOST_BASE_CODES.has(code)) {
    outbox.requeueOnNewBase(updateId, code, randomUUID());
    exchange.requestWeights();
  } else {
    outbox.markRefused(updateId, code);
  }
  return 'new';
}

function takeReceipt({ receipt }: AggregatorHeader, { outbox, exchange }: IncomingContext): Standing | null {
  if (receipt === null) return null;
  switch (exchange.updateState(receipt.updateId)) {
    case 'inFlight':
      outbox.markReceipted(receipt.updateId);
      return 'new';
    case 'receipted':
      return 'known';
    default:
      return 'outdated';
  }
}

function takeHeld({ held }: AggregatorHeader, { outbox }: IncomingContext): Standing | null {
  if (held === null) return null;
  if (!outbox.isOutstanding(held.updateId)) return 'outdated';
  if (outbox.held() !== null) return 'known';
  outbox.markHeld(held.updateId, held.reason);
  return 'new';
}

function takeWeights(
  { weights: offer }: AggregatorHeader,
  bytes: Buffer | null,
  { client, exchange }: IncomingContext,
  refusal: Standing | null,
): Standing | null {
  if (offer === null || bytes === null) return null;
  const base = client.base();
  if (offer.baseId === base?.baseId) return 'known';
  if (exchange.wasInstalled(offer.baseId)) return 'outdated';
  if (offer.updateId === null) {
    const isDue = base === null || refusal === 'new' || exchange.weightsRequest().isWanted;
    // Without having asked: the operator went back to an older version, or gave the task another strategy.
    if (!isDue && offer.globalVersion <= base.globalVersion) return 'outdated';
  } else {
    const state = exchange.updateState(offer.updateId);
    if (state === null) return unknownUpdate(offer, exchange);
    if (state !== 'inFlight' && state !== 'receipted') return 'outdated';
  }
  const isInstalled = client.install({
    baseId: offer.baseId,
    globalVersion: offer.globalVersion,
    staleness: offer.staleness,
    updateId: offer.updateId,
    use: offer.use,
    mixingWeight: offer.mixingWeight,
    weights: toWeights(bytes),
  });
  // It lacks what it would have to calibrate with.
  return isInstalled ? 'new' : unknownUpdate(offer, exchange);
}

/** One of the two sides was restored from a copy: the next file asks for fresh weights. */
function unknownUpdate({ updateId }: WeightsOffer, exchange: ExchangeStore): never {
  if (!exchange.weightsRequest().isWanted) exchange.requestWeights();
  throw new AppError('exchange/unknown-update', { detail: updateId ?? undefined });
}
