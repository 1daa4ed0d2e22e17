import type { Task } from '@genba/shared/model/task';
import type { Logger } from 'pino';
import type { BaseRecord, Catalogue } from '../store/catalogue.ts';
import type { OperatorTable } from '../store/operator-table.ts';
import type { ProvedWeights } from '../store/proved-weights.ts';
import type { ScreeningTable } from '../store/screening-table.ts';
import type { WeightStore } from '../store/weight-store.ts';
import type { MergeRunner } from './merge-runner.ts';
import type { StepHook } from './steps.ts';

/** What a task's state is kept with. */
export interface KeeperContext {
  readonly task: Task;
  readonly catalogue: Catalogue;
  readonly screening: ScreeningTable;
  readonly operators: OperatorTable;
  readonly weights: WeightStore;
  readonly proved: ProvedWeights;
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
  /** Told of every client with news once they are committed: a new base, given where it is at hand, or its update in quarantine. */
  readonly onIssued: (clientId: string, base?: BaseRecord) => void;
}
