import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { Finding } from '@genba/shared/federation/screening/finding';
import { screeningOf, type Task } from '@genba/shared/model/task';
import type { Logger } from 'pino';
import type {
  Aftermath,
  BaseRecord,
  Catalogue,
  ClientChange,
  ClientRecord,
  Issue,
  TaskState,
  UpdateRecord,
} from '../store/catalogue.ts';
import type { OperatorTable, RequestEnd } from '../store/operator-table.ts';
import type { ScreeningTable } from '../store/screening-table.ts';
import { discardStaged } from '../store/vector-files.ts';
import type { WeightStore } from '../store/weight-store.ts';
import { trainingDigest } from './manifest.ts';
import type {
  MergeRunner,
  NextState,
  NextStateOfClient,
  ScreeningBasis,
  Stepped,
  StoredClient,
  Withheld,
} from './merge-runner.ts';
import { findDamage, missingOf } from './missing-files.ts';
import type { StepHook } from './steps.ts';

/** What a task's state is kept with. */
export interface KeeperContext {
  readonly task: Task;
  readonly catalogue: Catalogue;
  readonly screening: ScreeningTable;
  readonly operators: OperatorTable;
  readonly weights: WeightStore;
  readonly runner: MergeRunner;
  /** Whether the strategy keeps, per client, what it was last sent. */
  readonly keepsStartWeights: boolean;
  /** All that it keeps per client, by name. */
  readonly clientVectors: readonly string[];
  readonly log: Logger;
  readonly newId: () => string;
  readonly now: () => Date;
  readonly onStep: StepHook;
  /** Called after files were stored and others let go of. */
  readonly keepWithin: () => Promise<void>;
  /** Told of every client with news once they are committed: a new base, or its update in quarantine. */
  readonly onIssued: (clientId: string) => void;
}

/** How an update ended. */
export type Ended =
  | { readonly kind: 'applied'; readonly figures: Stepped['figures']; readonly measured: Stepped['measured'] }
  | { readonly kind: 'quarantined'; readonly finding: Finding }
  | { readonly kind: 'set-aside'; readonly code: AppError['code'] }
  /** It cannot be merged any more because of what the server has lost: its client has to start anew. */
  | { readonly kind: 'reset' }
  /** It stays journaled until its client has sent this again. */
  | { readonly kind: 'blocked'; readonly lacks: 'update' | 'start-weights' };

/**
 * One task's state and the only hand that moves it. Each move: the runner computes it and stages its files, the files
 * get their names, one transaction commits; only then does memory follow. Until the commit nothing refers to the new
 * files, so a stop at any moment leaves what was before, to be computed again. Calls must not overlap.
 */
export class StateKeeper {
  readonly #context: KeeperContext;
  readonly #training: string;
  #state: TaskState;
  #dueAtMs: number | null;

  constructor(context: KeeperContext, state: TaskState, dueAtMs: number | null) {
    this.#context = context;
    this.#training = trainingDigest(context.task);
    this.#state = state;
    this.#dueAtMs = dueAtMs;
  }

  get state(): TaskState {
    return this.#state;
  }

  /** When the open round must be closed, milliseconds since 1970; null while nobody waits. */
  get dueAtMs(): number | null {
    return this.#dueAtMs;
  }

  /**
   * Screens one journaled update and applies it, after closing the round that was due when it arrived. One that is
   * out of the ordinary is put into quarantine. One that would spoil the global weights, or whose base its client no
   * longer has, is set aside for good. One that lacks a file which its client has waits for it.
   * @throws AppError `server/storage`, `store/damaged`, `check-set/unusable`; RunnerLost; the update stays journaled
   */
  async apply(update: UpdateRecord): Promise<Ended> {
    const { catalogue, runner, task } = this.#context;
    const receivedAtMs = Date.parse(update.receivedAt);
    await this.closeDue(receivedAtMs);
    const client = await catalogue.findClient(task.id, update.clientId);
    if (client?.base?.baseId !== update.baseId) return this.#setAside(update, 'update/unknown-base', null);
    const missing = missingOf(client, this.#context.clientVectors);
    if (missing === 'start-weights') return { kind: 'blocked', lacks: missing };
    if (missing === 'reference') return this.#reset(update);
    const { digest, examples } = update;
    const basis = await this.#basis(update, client);
    let stepped: Stepped | Withheld;
    try {
      const report = { digest, examples, receivedAtMs };
      stepped = await runner.step(this.#state, storedClientOf(client)!, report, basis);
    } catch (thrown) {
      const { code } = toAppError(thrown);
      if (code === 'store/damaged') return this.#onDamage(update, client, thrown);
      if (code !== 'update/not-finite') throw thrown;
      return this.#setAside(update, code, client);
    }
    if (stepped.kind === 'withheld') return this.#quarantine(update, stepped.finding);
    const applied = stepped;
    await this.#context.onStep('apply/computed');
    const aftermath = await this.#move(applied, () => this.#recordStep(update, applied));
    await this.#context.onStep('apply/committed');
    if (stepped.reply !== null) this.#context.onIssued(update.clientId);
    await this.#cleanUp(aftermath);
    await this.#context.onStep('apply/cleaned');
    return { kind: 'applied', figures: stepped.figures, measured: stepped.measured };
  }

  /** Closes the round if it is due and answers everybody who waits for it. @throws as {@link apply} */
  async closeDue(nowMs: number): Promise<void> {
    if (this.#dueAtMs === null || nowMs < this.#dueAtMs) return;
    const { catalogue, runner, task, keepsStartWeights, now, onStep } = this.#context;
    const closed = await runner.close(this.#state, nowMs);
    if (closed === null) return;
    const release = { keepsStartWeights, use: 'install' as const };
    const aftermath = await this.#move(closed, () =>
      catalogue.closeRound({
        taskId: task.id,
        state: closed.state,
        release,
        closedAt: now().toISOString(),
      }),
    );
    await onStep('apply/closed');
    await this.#cleanUp(aftermath);
  }

  /** Issues the global weights to a client as its start weights. @throws as {@link apply} */
  async join(clientId: string): Promise<BaseRecord> {
    const { catalogue, task } = this.#context;
    const client = await catalogue.findClient(task.id, clientId);
    if (client === null) throw new Error(`client ${clientId} was never seen`);
    return this.#issue(client);
  }

  /**
   * Refuses an update in quarantine; its client goes on from the global weights, unless it has others already.
   * @returns whether it was in quarantine and the request still stood: nothing is changed otherwise
   * @throws as {@link apply}
   */
  async drop(updateId: string, end: RequestEnd): Promise<boolean> {
    const { catalogue, operators, task, onIssued } = this.#context;
    const update = await catalogue.findUpdate(updateId);
    if (update === null || update.taskId !== task.id || update.state !== 'quarantined') return false;
    const client = await catalogue.findClient(task.id, update.clientId);
    const refusal = { ...end, updateId, code: 'update/dropped' } as const;
    if (client?.base?.baseId !== update.baseId) {
      const aftermath = await operators.drop({ ...refusal, state: this.#state, issue: null });
      if (aftermath === null) return false;
      await this.#context.onStep('operator/committed');
      await this.#cleanUp(aftermath);
      return true;
    }
    const { joined, issue } = await this.#join(client, updateId);
    const commit = () => operators.drop({ ...refusal, state: joined.state, issue });
    const isDone = await this.#moveIf(joined, commit);
    if (isDone) onIssued(update.clientId);
    return isDone;
  }

  /**
   * Makes the weights of a kept version the newest version, from which the strategy starts anew, and sends them to every
   * client. Updates that wait must be applied before.
   * @returns false when one waits, or the request stands no more: nothing is changed then
   * @throws AppError `operation/version-not-kept`, and as {@link apply}
   */
  async rollBack(toVersion: number, end: RequestEnd): Promise<boolean> {
    const { catalogue, operators, runner, task, keepsStartWeights } = this.#context;
    const globalDigest = await operators.keptVersion(task.id, toVersion);
    const { globalVersion } = this.#state;
    if (globalDigest === null) {
      throw new AppError('operation/version-not-kept', { detail: `version ${toVersion} of ${task.id}` });
    }
    const opened = await runner.open({
      globalDigest,
      globalVersion: globalVersion + 1,
      clientCount: await catalogue.countClients(task.id),
    });
    const { state, client } = opened;
    const release = opened.clientCalibrates
      ? { keepsStartWeights: false, use: 'install-as-reference' as const }
      : { keepsStartWeights, use: 'install' as const };
    return this.#moveIf(opened, () =>
      operators.rollBack({ ...end, taskId: task.id, toVersion, state, client, release }),
    );
  }

  /**
   * Issues the global weights in place of a base whose file is gone before its client had it; they answer what that
   * base answered. A base that was replaced meanwhile stays. @throws as {@link apply}
   */
  async reissue({ clientId, baseId }: { clientId: string; baseId: string }): Promise<BaseRecord> {
    const { catalogue, task } = this.#context;
    const client = await catalogue.findClient(task.id, clientId);
    const base = client?.base;
    if (base === undefined || base === null) throw new Error(`client ${clientId} has no base`);
    if (base.baseId !== baseId) return base;
    return this.#issue(client!, base.updateId);
  }

  /** Best effort: what stays behind is removed at the next start. */
  async removeObsolete(digests: readonly string[]): Promise<void> {
    const { catalogue, weights, log } = this.#context;
    try {
      await weights.removeUnreferenced(digests, (candidates) => catalogue.unreferenced(candidates));
    } catch (thrown) {
      log.warn({ code: toAppError(thrown).code }, 'could not remove old weights');
    }
    await this.#context.keepWithin();
  }

  /** What an update is screened by; null where the task screens nothing. */
  async #basis(
    { clientId, rounds, releasedAt }: UpdateRecord,
    { vectors, base }: ClientRecord,
  ): Promise<ScreeningBasis | null> {
    const { screening, operators, task } = this.#context;
    if (screeningOf(task) === null) return null;
    const startDigest = vectors.startWeights ?? (await operators.keptVersion(task.id, base!.version));
    const history = await screening.normHistory({ taskId: task.id, clientId, training: this.#training });
    return { startDigest, rounds, history, isReleased: releasedAt !== null };
  }

  async #quarantine({ updateId, clientId }: UpdateRecord, finding: Finding): Promise<Ended> {
    const { screening, now, onStep, onIssued } = this.#context;
    await onStep('quarantine/found');
    await screening.quarantine({ updateId, finding, quarantinedAt: now().toISOString() });
    await onStep('quarantine/committed');
    onIssued(clientId);
    return { kind: 'quarantined', finding };
  }

  #recordStep(update: UpdateRecord, stepped: Stepped): Promise<Aftermath> {
    const { catalogue, keepsStartWeights, newId, now } = this.#context;
    const { updateId, taskId, clientId } = update;
    const { state, client, figures, releasesHeld, measured } = stepped;
    const { staleness, mixingWeight, calibration } = figures;
    const appliedAt = now().toISOString();
    const reply: BaseRecord | null =
      stepped.reply === null
        ? null
        : {
            baseId: newId(),
            taskId,
            clientId,
            version: client.baseVersion,
            weightsDigest: stepped.reply.digest,
            use: stepped.reply.use,
            updateId,
            staleness,
            mixingWeight,
            calibration,
            issuedAt: appliedAt,
            installedAt: null,
          };
    return catalogue.applyUpdate({
      updateId,
      state,
      client: this.#progress(stepped, reply),
      reply,
      figures,
      release: releasesHeld ? { keepsStartWeights, use: 'install' } : null,
      norms: measured?.norms ? { training: this.#training, norms: measured.norms } : null,
      appliedAt,
    });
  }

  /** Sends a client the global weights. @param answeredId what they answer in place of an answer that is gone */
  async #issue(client: ClientRecord, answeredId: string | null = null): Promise<BaseRecord> {
    const { joined, issue } = await this.#join(client, answeredId);
    const commit = () => this.#context.catalogue.issueBase({ ...issue, state: joined.state });
    await this.#cleanUp(await this.#move(joined, commit));
    return issue.base;
  }

  /** @param answeredId the update that the global weights answer; null where they answer none */
  async #join(
    client: ClientRecord,
    answeredId: string | null,
  ): Promise<{ readonly joined: NextStateOfClient; readonly issue: Issue }> {
    const { runner, newId, now } = this.#context;
    const joined = await runner.join(this.#state, storedClientOf(client));
    const { globalWeights } = joined.state.vectors;
    const base: BaseRecord = {
      baseId: newId(),
      taskId: client.taskId,
      clientId: client.clientId,
      version: joined.client.baseVersion,
      weightsDigest: globalWeights,
      use: joined.clientCalibrates ? 'install-as-reference' : 'install',
      updateId: answeredId,
      staleness: null,
      mixingWeight: null,
      calibration: [],
      issuedAt: now().toISOString(),
      installedAt: null,
    };
    return { joined, issue: { base, client: this.#progress(joined, base) } };
  }

  /** @param client to be sent the global weights instead of an answer; null where it has other weights already */
  async #setAside(update: UpdateRecord, code: AppError['code'], client: ClientRecord | null): Promise<Ended> {
    const { catalogue, onIssued } = this.#context;
    const { updateId, clientId } = update;
    if (client === null) {
      const aftermath = await catalogue.setAside({ updateId, code, state: this.#state, issue: null });
      await this.#cleanUp(aftermath);
    } else {
      const { joined, issue } = await this.#join(client, updateId);
      const commit = () => catalogue.setAside({ updateId, code, state: joined.state, issue });
      await this.#cleanUp(await this.#move(joined, commit));
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
      await this.removeObsolete(await catalogue.evictDamaged(damage));
    }
    if (isUpdateDamaged) return { kind: 'blocked', lacks: 'update' };
    if (names.length === 0) throw thrown;
    return this.apply(update);
  }

  /** What the strategy keeps of a client that was sent weights, or none. */
  #progress({ client, clientCalibrates }: NextStateOfClient, sent: BaseRecord | null): ClientChange {
    const { isHeld, scalars, vectors } = client;
    if (clientCalibrates) return { isHeld, scalars, vectors, forgetsVectors: true };
    const keepsSent = this.#context.keepsStartWeights && sent !== null;
    return {
      isHeld,
      scalars,
      vectors: keepsSent ? { ...vectors, startWeights: sent.weightsDigest } : vectors,
    };
  }

  /** Moves, unless the commit finds that it may not (null). @returns whether it moved */
  async #moveIf(next: NextState, commit: () => Promise<Aftermath | null>): Promise<boolean> {
    try {
      const aftermath = await this.#move(next, async () => {
        const committed = await commit();
        if (committed === null) throw new NotNow();
        await this.#context.onStep('operator/committed');
        return committed;
      });
      await this.#cleanUp(aftermath);
      return true;
    } catch (thrown) {
      if (thrown instanceof NotNow) return false;
      throw thrown;
    }
  }

  async #move(next: NextState, commit: () => Promise<Aftermath>): Promise<Aftermath> {
    const { weights, onStep } = this.#context;
    const batch = weights.begin();
    try {
      for (const [index, staged] of next.staged.entries()) {
        await batch.moveIn(staged);
        if (index === 0) await onStep('apply/first-stored');
      }
      await onStep('apply/all-stored');
      const aftermath = await commit();
      // Memory follows the commit, never the other way round.
      this.#state = next.state;
      this.#dueAtMs = next.dueAtMs;
      return aftermath;
    } catch (thrown) {
      await discardStaged(next.staged);
      throw thrown;
    } finally {
      batch.end();
    }
  }

  async #cleanUp({ obsoleteDigests, releasedClients }: Aftermath): Promise<void> {
    for (const clientId of releasedClients) this.#context.onIssued(clientId);
    await this.removeObsolete(obsoleteDigests);
  }
}

/** A commit that changed nothing, because the ground for it is gone. */
class NotNow extends Error {
  override readonly name = 'NotNow';
}

/** What a strategy knows of a client; null for one that has no base. */
function storedClientOf({ base, isHeld, scalars, vectors }: ClientRecord): StoredClient | null {
  return base === null ? null : { baseVersion: base.version, isHeld, scalars, vectors };
}
