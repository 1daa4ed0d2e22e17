/** A thread that runs one task's strategy; started by `WorkerRunner`. */
import { workerData } from 'node:worker_threads';
import type { Task } from '@genba/shared/model/task';
import { answerCalls } from '../threads/answer-calls.ts';
import type { MergeRunner } from './merge-runner.ts';
import { StrategyRunner } from './strategy-runner.ts';

/** What a merge worker is started with. */
export interface WorkerStart {
  readonly task: Task;
  /** Of the weight store. */
  readonly folder: string;
  /** Folder of the check set; null: the task has none. */
  readonly checkSet: string | null;
}

const { task, folder, checkSet } = workerData as WorkerStart;
const runner: MergeRunner = new StrategyRunner(task, folder, checkSet);
answerCalls({ runner });
