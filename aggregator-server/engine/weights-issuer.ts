import type { BaseRecord, ClientChange, ClientRecord, Issue } from '../store/catalogue.ts';
import type { KeeperContext } from './keeper-context.ts';
import type { NextStateOfClient, StoredClient } from './merge-runner.ts';
import type { StateKeeper } from './state-keeper.ts';

/** Sends clients the global weights: as first weights, or in place of an answer that they cannot be given. */
export class WeightsIssuer {
  readonly #context: KeeperContext;
  readonly #keeper: StateKeeper;

  constructor(context: KeeperContext, keeper: StateKeeper) {
    this.#context = context;
    this.#keeper = keeper;
  }

  /** Issues the global weights to a client as its start weights. @throws AppError `server/storage`; RunnerLost */
  async join(clientId: string): Promise<BaseRecord> {
    const { catalogue, task } = this.#context;
    const client = await catalogue.findClient(task.id, clientId);
    if (client === null) throw new Error(`client ${clientId} was never seen`);
    return this.#issue(client);
  }

  /**
   * Issues the global weights in place of a base whose file is gone before its client had it; they answer what that
   * base answered. A base that was replaced meanwhile stays. @throws AppError `server/storage`; RunnerLost
   */
  async reissue({ clientId, baseId }: { clientId: string; baseId: string }): Promise<BaseRecord> {
    const { catalogue, task } = this.#context;
    const client = await catalogue.findClient(task.id, clientId);
    const base = client?.base;
    if (base === undefined || base === null) throw new Error(`client ${clientId} has no base`);
    if (base.baseId !== baseId) return base;
    return this.#issue(client!, base.updateId);
  }

  /**
   * What issuing the global weights to a client would change, to be committed by the caller.
   * @param answeredId the update that the global weights answer; null where they answer none
   */
  async prepare(
    client: ClientRecord,
    answeredId: string | null,
  ): Promise<{ readonly joined: NextStateOfClient; readonly issue: Issue }> {
    const { runner, newId, now, keepsStartWeights } = this.#context;
    const joined = await runner.join(this.#keeper.state, storedClientOf(client));
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
    return { joined, issue: { base, client: clientProgress(joined, base, keepsStartWeights) } };
  }

  /** @param answeredId what the weights answer in place of an answer that is gone */
  async #issue(client: ClientRecord, answeredId: string | null = null): Promise<BaseRecord> {
    const { joined, issue } = await this.prepare(client, answeredId);
    const commit = () => this.#context.catalogue.issueBase({ ...issue, state: joined.state });
    await this.#keeper.cleanUp(await this.#keeper.move(joined, commit));
    return issue.base;
  }
}

/** What a strategy knows of a client; null for one that has no base. */
export function storedClientOf({ base, isHeld, scalars, vectors }: ClientRecord): StoredClient | null {
  return base === null ? null : { baseVersion: base.version, isHeld, scalars, vectors };
}

/** What is kept of a client that was sent weights, or none. */
export function clientProgress(
  { client, clientCalibrates }: NextStateOfClient,
  sent: BaseRecord | null,
  keepsStartWeights: boolean,
): ClientChange {
  const { isHeld, scalars, vectors } = client;
  if (clientCalibrates) return { isHeld, scalars, vectors, forgetsVectors: true };
  const keepsSent = keepsStartWeights && sent !== null;
  return {
    isHeld,
    scalars,
    vectors: keepsSent ? { ...vectors, startWeights: sent.weightsDigest } : vectors,
  };
}
