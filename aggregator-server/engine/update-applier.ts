import { type AppError, toAppError } from '@genba/shared/errors/app-error';
import type { Finding } from '@genba/shared/federation/screening/finding';
import { screeningOf } from '@genba/shared/model/task';
import type { Aftermath, BaseRecord, ClientRecord, UpdateRecord, VectorDigests } from '../store/catalogue.ts';
import type { SharedBytes } from '../store/uncached-file.ts';
import type { Ended } from './ended.ts';
import type { Foresight } from './foresight.ts';
import type { KeeperContext } from './keeper-context.ts';
import { historyKey } from './manifest.ts';
import type { ScreeningBasis, Stepped, StoredReply, Withheld } from './merge-runner.ts';
import { findDamage, missingOf } from './missing-files.ts';
import type { StateKeeper } from './state-keeper.ts';
import { clientProgress, storedClientOf, type WeightsIssuer } from './weights-issuer.ts';

/** Screens journaled updates of one task and merges them. Calls must not overlap. */
export class UpdateApplier {
  readonly #context: KeeperContext;
  readonly #keeper: StateKeeper;
  readonly #issuer: WeightsIssuer;
  readonly #foresight: Foresight;

  constructor(
    context: KeeperContext,
    {
      keeper,
      issuer,
      foresight,
    }: { readonly keeper: StateKeeper; readonly issuer: WeightsIssuer; readonly foresight: Foresight },
  ) {
    this.#context = context;
    this.#keeper = keeper;
    this.#issuer = issuer;
    this.#foresight = foresight;
  }

  /**
   * Screens one journaled update and applies it, after closing the round that was due when it arrived. One that is
   * out of the ordinary is put into quarantine. One that would spoil the global weights, or whose base its client no
   * longer has, is set aside for good. One that lacks a file which its client has waits for it.
   * @throws AppError `server/storage`, `store/damaged`, `check-set/unusable`; RunnerLost; the update stays journaled
   */
  async apply(update: UpdateRecord): Promise<Ended> {
    this.#foresight.begin(update.updateId);
    try {
      return await this.#apply(update);
    } finally {
      this.#foresight.end(update.updateId);
      // Of one that was not merged. Should it be tried again, its file is there.
      this.#context.proved.forget(update.digest);
    }
  }

  async #apply(update: UpdateRecord): Promise<Ended> {
    const { catalogue, task } = this.#context;
    const receivedAtMs = Date.parse(update.receivedAt);
    await this.closeDue(receivedAtMs);
    const client = await catalogue.findClient(task.id, update.clientId);
    if (client?.base?.baseId !== update.baseId) return this.#setAside(update, 'update/unknown-base', null);
    const missing = missingOf(client, this.#context.clientVectors);
    if (missing === 'start-weights') return { kind: 'blocked', lacks: missing };
    if (missing === 'reference') return this.#reset(update);
    let stepped: Stepped | Withheld;
    try {
      stepped = await this.#step(update, client, receivedAtMs);
    } catch (thrown) {
      const { code } = toAppError(thrown);
      if (code === 'store/damaged') return this.#onDamage(update, client, thrown);
      if (code !== 'update/not-finite') throw thrown;
      return this.#setAside(update, code, client);
    }
    if (stepped.kind === 'withheld') return this.#quarantine(update, stepped.finding);
    const applied = stepped;
    this.#foresight.computed(applied.state);
    await this.#context.onStep('apply/computed');
    const reply = this.#replyOf(update, applied);
    const aftermath = await this.#keeper.move(applied, () =>
      this.#recordStep(update, client, applied, reply),
    );
    await this.#context.onStep('apply/committed');
    if (reply !== null) this.#context.onIssued(update.clientId, reply);
    this.#keeper.cleanUpSoon(aftermath);
    return { kind: 'applied', figures: stepped.figures, measured: stepped.measured };
  }

  /** Closes the round if it is due and answers everybody who waits for it. @throws as {@link apply} */
  async closeDue(nowMs: number): Promise<void> {
    if (this.#keeper.dueAtMs === null || nowMs < this.#keeper.dueAtMs) return;
    const { catalogue, runner, task, keepsStartWeights, now, onStep } = this.#context;
    const closed = await runner.close(this.#keeper.state, nowMs);
    if (closed === null) return;
    const release = { keepsStartWeights, use: 'install' as const };
    const aftermath = await this.#keeper.move(closed, () =>
      catalogue.closeRound({
        taskId: task.id,
        state: closed.state,
        release,
        closedAt: now().toISOString(),
      }),
    );
    await onStep('apply/closed');
    await this.#keeper.cleanUp(aftermath);
  }

  /** Computes, from memory where the update still is there. */
  async #step(update: UpdateRecord, client: ClientRecord, receivedAtMs: number): Promise<Stepped | Withheld> {
    const { runner, proved } = this.#context;
    const { digest, examples } = update;
    const basis = await this.#basis(update, client);
    await this.#foresight.spend();
    const bytes = proved.take(digest);
    let answer: StoredReply | null = null;
    try {
      const report = { digest, proved: bytes, examples, receivedAtMs };
      const stepped = await runner.step(this.#keeper.state, storedClientOf(client)!, report, basis);
      if (stepped.kind === 'stepped') answer = stepped.reply;
      return stepped;
    } finally {
      if (bytes !== null) proved.giveBack(bytes);
      if (answer !== null && answer.memory !== null) this.#keepAnswer(answer.digest, answer.memory);
    }
  }

  #keepAnswer(digest: string, memory: SharedBytes): void {
    const { runner, proved } = this.#context;
    // A runner that was lost has lost this memory too.
    proved.keepAnswer(digest, memory, () => void runner.giveBack(memory).catch(() => {}));
  }

  /** What an update is screened by; null where the task screens nothing. */
  async #basis(
    { clientId, rounds, releasedAt }: UpdateRecord,
    { vectors, base }: ClientRecord,
  ): Promise<ScreeningBasis | null> {
    const { screening, operators, task } = this.#context;
    if (screeningOf(task) === null) return null;
    const startDigest = vectors.startWeights ?? (await operators.keptVersion(task.id, base!.version));
    const training = this.#historyOf(vectors);
    const history = await screening.normHistory({ taskId: task.id, clientId, training });
    return { startDigest, rounds, history, isReleased: releasedAt !== null };
  }

  /** Under strategies that keep no start weights, clients are sent global weights: both are the same. */
  #historyOf(vectors: VectorDigests): string {
    const { task, clientVectors } = this.#context;
    const lacksStart = clientVectors.includes('startWeights') && vectors.startWeights === undefined;
    return historyKey(task, lacksStart ? 'global-weights' : 'start-weights');
  }

  async #quarantine({ updateId, clientId }: UpdateRecord, finding: Finding): Promise<Ended> {
    const { screening, now, onStep, onIssued } = this.#context;
    await onStep('quarantine/found');
    await screening.quarantine({ updateId, finding, quarantinedAt: now().toISOString() });
    await onStep('quarantine/committed');
    onIssued(clientId);
    return { kind: 'quarantined', finding };
  }

  /** What the client is sent as its new base; null while it is held. */
  #replyOf(
    { updateId, taskId, clientId }: UpdateRecord,
    { reply, client, figures }: Stepped,
  ): BaseRecord | null {
    if (reply === null) return null;
    const { newId, now } = this.#context;
    const { staleness, mixingWeight, calibration } = figures;
    return {
      baseId: newId(),
      taskId,
      clientId,
      version: client.baseVersion,
      weightsDigest: reply.digest,
      use: reply.use,
      updateId,
      staleness,
      mixingWeight,
      calibration,
      issuedAt: now().toISOString(),
      installedAt: null,
    };
  }

  #recordStep(
    { updateId }: UpdateRecord,
    { vectors }: ClientRecord,
    stepped: Stepped,
    reply: BaseRecord | null,
  ): Promise<Aftermath> {
    const { catalogue, keepsStartWeights, now } = this.#context;
    const { state, figures, releasesHeld, measured } = stepped;
    const appliedAt = reply?.issuedAt ?? now().toISOString();
    return catalogue.applyUpdate({
      updateId,
      state,
      client: clientProgress(stepped, reply, keepsStartWeights),
      reply,
      figures,
      release: releasesHeld ? { keepsStartWeights, use: 'install' } : null,
      norms: measured?.norms ? { training: this.#historyOf(vectors), norms: measured.norms } : null,
      appliedAt,
    });
  }

  /** @param client to be sent the global weights instead of an answer; null where it has other weights already */
  async #setAside(update: UpdateRecord, code: AppError['code'], client: ClientRecord | null): Promise<Ended> {
    const { catalogue, onIssued } = this.#context;
    const { updateId, clientId } = update;
    if (client === null) {
      const aftermath = await catalogue.setAside({ updateId, code, state: this.#keeper.state, issue: null });
      await this.#keeper.cleanUp(aftermath);
    } else {
      const { joined, issue } = await this.#issuer.prepare(client, updateId);
      const commit = () => catalogue.setAside({ updateId, code, state: joined.state, issue });
      await this.#keeper.cleanUp(await this.#keeper.move(joined, commit));
      onIssued(clientId);
    }
    return { kind: 'set-aside', code };
  }

  /** The client is told and offers it no more; its progress goes on from fresh weights. */
  async #reset(update: UpdateRecord): Promise<Ended> {
    await this.#setAside(update, 'update/unknown-base', null);
    return { kind: 'reset' };
  }

  /** Finds out whose file is damaged. Of the client's own, the server lets go: then they are missing, no more. */
  async #onDamage(update: UpdateRecord, client: ClientRecord, thrown: unknown): Promise<Ended> {
    const { catalogue, weights, now } = this.#context;
    const { isUpdateDamaged, names } = await findDamage(weights, update, client);
    if (names.length > 0) {
      const { taskId, clientId } = update;
      const damage = { taskId, clientId, names, atTime: now().toISOString() };
      await this.#keeper.removeObsolete(await catalogue.evictDamaged(damage));
    }
    if (isUpdateDamaged) return { kind: 'blocked', lacks: 'update' };
    if (names.length === 0) throw thrown;
    return this.apply(update);
  }
}
