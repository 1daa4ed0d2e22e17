import { AppError, toAppError } from '@genba/shared/errors/app-error';
import type { OperatorRequest, RequestEnd } from '../store/operator-table.ts';
import type { KeeperContext } from './keeper-context.ts';
import { RunnerLost } from './merge-runner.ts';
import type { StateKeeper } from './state-keeper.ts';
import type { UpdateQueue } from './update-queue.ts';
import type { WeightsIssuer } from './weights-issuer.ts';

export interface OperatorOrdersParts {
  readonly keeper: StateKeeper;
  readonly issuer: WeightsIssuer;
  readonly updates: Pick<UpdateQueue, 'enqueue' | 'applyWaiting'>;
}

/**
 * Carries out what operators ask of one task, each request once: its effect and its end are one transaction. To be
 * called from jobs of the task's queue.
 */
export class OperatorOrders {
  readonly #context: KeeperContext;
  readonly #parts: OperatorOrdersParts;

  constructor(context: KeeperContext, parts: OperatorOrdersParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /**
   * Carries out a request. One that cannot be carried out ends as failed; one that was withdrawn meanwhile has no effect.
   * @throws AppError `server/storage`; RunnerLost; the request waits on
   */
  async carryOut(request: OperatorRequest): Promise<void> {
    const { task, operators, log, now, onStep } = this.#context;
    const { requestId, command, requestedBy } = request;
    const end = { requestId, finishedAt: now().toISOString() };
    const entry = { taskId: task.id, requestId, command, requestedBy };
    await onStep('operator/taken');
    try {
      await this.#decide(command, end);
      log.info(entry, 'operator request done');
    } catch (thrown) {
      const error = toAppError(thrown);
      if (thrown instanceof RunnerLost || error.code === 'server/storage') throw thrown;
      log.error({ ...entry, code: error.code, message: error.message }, 'operator request failed');
      await operators.fail({ ...end, code: error.code, detail: error.detail ?? null });
    }
  }

  /** @throws AppError `operation/not-quarantined`, `operation/version-not-kept`, and as the keeper's moves */
  async #decide(command: OperatorRequest['command'], end: RequestEnd): Promise<void> {
    if (command.kind === 'rollback') return this.#rollBack(command.version, end);
    const { updateId } = command;
    const isDone = await (command.kind === 'drop' ? this.#drop(updateId, end) : this.#release(updateId, end));
    if (!isDone) throw new AppError('operation/not-quarantined', { detail: updateId });
  }

  async #release(updateId: string, end: RequestEnd): Promise<boolean> {
    const { task, catalogue, operators, onStep } = this.#context;
    const update = await catalogue.findUpdate(updateId);
    if (update?.taskId !== task.id) return false;
    const released = await operators.release({ ...end, updateId });
    if (released === null) return false;
    await onStep('operator/committed');
    this.#parts.updates.enqueue(released);
    return true;
  }

  /**
   * Refuses an update in quarantine; its client goes on from the global weights, unless it has others already.
   * @returns whether it was in quarantine and the request still stood: nothing is changed otherwise
   */
  async #drop(updateId: string, end: RequestEnd): Promise<boolean> {
    const { catalogue, operators, task, onIssued, onStep } = this.#context;
    const { keeper, issuer } = this.#parts;
    const update = await catalogue.findUpdate(updateId);
    if (update === null || update.taskId !== task.id || update.state !== 'quarantined') return false;
    const client = await catalogue.findClient(task.id, update.clientId);
    const refusal = { ...end, updateId, code: 'update/dropped' } as const;
    if (client?.base?.baseId !== update.baseId) {
      const aftermath = await operators.drop({ ...refusal, state: keeper.state, issue: null });
      if (aftermath === null) return false;
      await onStep('operator/committed');
      await keeper.cleanUp(aftermath);
      return true;
    }
    const { joined, issue } = await issuer.prepare(client, updateId);
    const commit = () => operators.drop({ ...refusal, state: joined.state, issue });
    const isDone = await keeper.moveIf(joined, commit);
    if (isDone) onIssued(update.clientId);
    return isDone;
  }

  /** Applies what waits first, so that no confirmed update is built on weights that its client no longer has. */
  async #rollBack(version: number, end: RequestEnd): Promise<void> {
    const { operators } = this.#context;
    do {
      await this.#parts.updates.applyWaiting();
      if (await this.#moveBack(version, end)) break;
      // An update came in between, or the request was withdrawn.
    } while ((await operators.find(end.requestId))?.state === 'waiting');
  }

  /**
   * Makes the weights of a kept version the newest version, from which the strategy starts anew, and sends them to every
   * client. Updates that wait must be applied before.
   * @returns false when one waits, or the request stands no more: nothing is changed then
   */
  async #moveBack(toVersion: number, end: RequestEnd): Promise<boolean> {
    const { catalogue, operators, runner, task, keepsStartWeights } = this.#context;
    const { keeper } = this.#parts;
    const globalDigest = await operators.keptVersion(task.id, toVersion);
    const { globalVersion } = keeper.state;
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
    return keeper.moveIf(opened, () =>
      operators.rollBack({ ...end, taskId: task.id, toVersion, state, client, release }),
    );
  }
}
