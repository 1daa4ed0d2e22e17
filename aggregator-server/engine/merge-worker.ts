/** A thread that runs one task's strategy; started by `WorkerRunner`. */
import { workerData } from 'node:worker_threads';
import { answerCalls } from '../threads/answer-calls.ts';
import type { MergeRunner, RunnerStart } from './merge-runner.ts';
import { StrategyRunner } from './strategy-runner.ts';

const runner: MergeRunner = new StrategyRunner(workerData as RunnerStart);
answerCalls({ runner });
