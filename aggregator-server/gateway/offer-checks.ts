import { AppError } from '@genba/shared/errors/app-error';
import { payloadBytes } from '@genba/shared/federation/encoding/payload-size';
import type { UpdateOffer } from '@genba/shared/protocol/messages';
import type { TaskEngine } from '../engine/task-engine.ts';
import type { BaseRecord, Catalogue, ClientRecord, UpdateRecord } from '../store/catalogue.ts';

/** What to answer an offer. */
export type Verdict =
  /** This very update was journaled before. */
  | { readonly kind: 'known'; readonly update: UpdateRecord }
  /** It may be sent; with its client, where that is known. */
  | { readonly kind: 'send'; readonly client: ClientRecord | null }
  /** The start weights it builds on must be sent first. */
  | { readonly kind: 'send-start'; readonly base: BaseRecord };

/**
 * Judges an offered update before a byte of it is accepted, in this order: task, id, base, size, and whether all its
 * merge needs is still here.
 * @throws AppError `task/unknown`, `update/id-conflict`, `update/future-base`, `update/unknown-base`,
 *   `update/wrong-shape`, `server/storage`
 */
export async function checkOffer(
  offer: UpdateOffer,
  { clientId, engine, catalogue }: { clientId: string; engine: TaskEngine; catalogue: Catalogue },
): Promise<Verdict> {
  if (offer.taskId !== engine.task.id)
    throw new AppError('task/unknown', { detail: 'not this session’s task' });
  const { updateId, taskId, baseId } = offer;
  const { known, client, isBaseSpent } = await catalogue.findOffered({ updateId, taskId, clientId, baseId });
  if (known !== null) {
    const isSame =
      known.taskId === offer.taskId &&
      known.clientId === clientId &&
      known.digest === (offer.weightsSha256 ?? offer.sha256);
    if (!isSame) throw new AppError('update/id-conflict');
    return judgeKnown(known, client, engine);
  }
  const { globalVersion } = engine.state;
  if (offer.baseVersion > globalVersion) {
    throw new AppError('update/future-base', {
      detail: `version ${offer.baseVersion}, the newest is ${globalVersion}`,
    });
  }
  const base = client?.base;
  if (base?.baseId !== baseId || base.version !== offer.baseVersion) {
    throw new AppError('update/unknown-base', { detail: 'not the base last issued to this client' });
  }
  if (isBaseSpent) {
    throw new AppError('update/unknown-base', { detail: 'another update on this base was already received' });
  }
  const expectedBytes = payloadBytes(offer.encoding, engine.layout);
  if (offer.sizeBytes !== expectedBytes) {
    throw new AppError('update/wrong-shape', {
      detail: `${offer.sizeBytes} bytes, as ${offer.encoding} the model has ${expectedBytes}`,
    });
  }
  return judgeFiles(client!, base, engine);
}

/** A journaled update needs no more of its client, unless the server has lost a file that the client still has. */
function judgeKnown(update: UpdateRecord, client: ClientRecord | null, engine: TaskEngine): Verdict {
  if (engine.isDamaged(update.updateId)) return { kind: 'send', client };
  if (update.state === 'applied') return { kind: 'known', update };
  const base = client?.base;
  if (update.state === 'refused' && base?.updateId !== update.updateId) {
    throw new AppError('update/unknown-base', { detail: 'it was set aside and is not answered' });
  }
  const isWaiting = update.state === 'received' && base?.baseId === update.baseId;
  const missing = isWaiting ? engine.missingFor(client!) : 'nothing';
  return missing === 'start-weights' ? { kind: 'send-start', base: base! } : { kind: 'known', update };
}

function judgeFiles(client: ClientRecord, base: BaseRecord, engine: TaskEngine): Verdict {
  switch (engine.missingFor(client)) {
    case 'nothing':
      return { kind: 'send', client };
    case 'start-weights':
      return { kind: 'send-start', base };
    case 'reference':
      throw new AppError('update/unknown-base', {
        detail: 'the server has let go of the reference of this base',
      });
  }
}
