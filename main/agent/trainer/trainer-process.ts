import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Task } from '@genba/shared/model/task';
import {
  type BackendChoice,
  type BackendName,
  type BackendSpeed,
  type EvaluationResult,
  type EvaluationSet,
  type LabelledPredictions,
  LINE_WAITS,
  type LoadRequest,
  type PredictionInputs,
  type RoundRequest,
  type TrainerReply,
  type TrainerRequest,
  type TrainerUsage,
  type TrainResult,
} from '../../trainer/messages.ts';
import { PendingReplies } from './pending-replies.ts';

export type TrainingProgress = Extract<TrainerReply, { type: 'progress' }>;

/** How a trainer process ended. */
export interface TrainerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether `close` asked for it. */
  readonly isExpected: boolean;
}

export interface TrainerProcessOptions {
  /** Called once, after every pending call was rejected. The owner starts a new TrainerProcess if it wants one. */
  readonly onExit?: (exit: TrainerExit) => void;
  /** Called with every reply: processor time of the trainer so far, and whether it has more to do. */
  readonly onUsage?: (cpuMs: number, isBusy: boolean) => void;
  /** Called when it is given something to do. */
  readonly onBusy?: () => void;
  /** It judges parts on the line, and yields to nobody. */
  readonly lineWaits?: boolean;
  /** Threads of native TensorFlow; null: as many as there are cores. */
  readonly threads?: number | null;
  /** For tests: how long to wait, milliseconds. */
  readonly deadlines?: Partial<typeof DEADLINES>;
}

/** How long to wait before the child is taken for dead, milliseconds. */
const DEADLINES = {
  /** Native libraries of half a gigabyte from a cold disk. */
  loadMs: 120_000,
  evaluateMs: 120_000,
  /** A cold start of the library, then a second and a step. What takes longer is of no use for training. */
  measureMs: 60_000,
  /** A round may take hours; only silence between two batches is suspicious. */
  progressMs: 120_000,
  /** How long a batch may hold up a `cancel` before the child is killed: the PC is wanted now. */
  cancelMs: 700,
  /** How long the child may take to exit before it is killed. */
  closeMs: 5_000,
};

/** Most of the child's stderr that is kept to explain a crash, characters. */
const STDERR_TAIL_LENGTH = 2000;

// Of the same kind as this file: TypeScript in the project, JavaScript in a package.
const CHILD_PATH = path.resolve(
  import.meta.dirname,
  '../../trainer',
  `child${path.extname(import.meta.filename)}`,
);

/**
 * The trainer's child process, seen from the agent. It may die at any time; then every pending call fails with
 * `trainer/crashed`, and so does every later one. There is no way back: make a new one and load it again.
 */
export class TrainerProcess {
  readonly #child: ChildProcess;
  readonly #pending = new PendingReplies();
  readonly #deadlines: typeof DEADLINES;
  readonly #exited: Promise<void>;
  #stderrTail = '';
  #isClosing = false;
  /** Rounds and judgements that wait for their answer. */
  #cancellableCount = 0;
  #cancelTimer: NodeJS.Timeout | undefined;
  #isCancelForced = false;
  readonly #onBusy: () => void;
  #end: AppError | null = null;

  /** Starts the process. It is of no use before `load`. */
  constructor({ onExit, onUsage, onBusy, threads, lineWaits, deadlines }: TrainerProcessOptions = {}) {
    this.#onBusy = onBusy ?? (() => undefined);
    this.#deadlines = { ...DEADLINES, ...deadlines };
    this.#child = fork(CHILD_PATH, lineWaits ? [LINE_WAITS] : [], {
      execPath: process.execPath,
      // The agent's own flags (a debugger's port, for one) are not the child's.
      execArgv: [],
      serialization: 'advanced',
      env: { ...process.env, ...threadLimits(threads ?? null) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderrTail = (this.#stderrTail + text).slice(-STDERR_TAIL_LENGTH);
    });
    this.#child.on('message', (reply: TrainerReply & TrainerUsage) => {
      this.#pending.settle(reply);
      onUsage?.(reply.cpuMs, this.#pending.size > 0);
    });
    this.#exited = new Promise((resolve) => {
      const finish = (code: number | null, signal: NodeJS.Signals | null, reason: string) => {
        if (this.#end) return;
        clearTimeout(this.#cancelTimer);
        // It was killed because it did not listen: for whoever waits that is the end of the round he asked for.
        const end = this.#isCancelForced ? 'trainer/cancelled' : 'trainer/crashed';
        this.#end = new AppError(end, { detail: reason });
        this.#pending.rejectAll(this.#end);
        resolve();
        onExit?.({ code, signal, isExpected: this.#isClosing });
      };
      // `error` comes instead of `exit` where the process could not even be started.
      this.#child.on('error', (error) => {
        if (this.#child.pid === undefined) finish(null, null, error.message);
      });
      this.#child.on('exit', (code, signal) => finish(code, signal, this.#describeExit(code, signal)));
    });
  }

  /** Process id, for the log and for tests; undefined where the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Hands over task and data; once, before all else. Answers which backend will train.
   * @throws AppError `dataset/mismatch`, `trainer/no-backend`, `trainer/crashed`
   */
  async load(request: LoadRequest): Promise<BackendChoice> {
    const reply = await this.#request((id) => ({ type: 'load', id, ...request }), this.#deadlines.loadMs);
    return expectReply(reply, 'loaded').backend;
  }

  /**
   * How fast a backend trains a task's model. The process is good for nothing else afterwards.
   * @throws AppError `trainer/no-backend`, `trainer/crashed` (also where it takes too long)
   */
  async measure(task: Task, backend: BackendName): Promise<BackendSpeed> {
    const request = (id: number) => ({ type: 'measure', id, task, backend }) as const;
    return expectReply(await this.#request(request, this.#deadlines.measureMs), 'measured').speed;
  }

  /**
   * One local round. `weights` is copied; the result's weights belong to the caller.
   * @throws AppError `trainer/cancelled`, `trainer/diverged`, `trainer/crashed`, `update/wrong-shape`
   */
  async train(
    weights: Float32Array,
    round: RoundRequest,
    onProgress?: (progress: TrainingProgress) => void,
  ): Promise<TrainResult> {
    const request = (id: number) => ({ type: 'train', id, weights, round }) as const;
    const reply = await this.#cancellable(this.#request(request, this.#deadlines.progressMs, onProgress));
    return expectReply(reply, 'trained').result;
  }

  /**
   * Judges weights on a held-out set; a set that was not loaded counts as empty.
   * @throws AppError `trainer/cancelled`, `trainer/diverged`, `trainer/crashed`, `update/wrong-shape`
   */
  async evaluate(
    weights: Float32Array,
    set: EvaluationSet,
    sharePercent?: number,
  ): Promise<EvaluationResult> {
    const request = (id: number) => ({ type: 'evaluate', id, weights, set, sharePercent }) as const;
    const reply = await this.#cancellable(this.#request(request, this.#deadlines.evaluateMs));
    return expectReply(reply, 'evaluated').result;
  }

  /** Takes the weights that {@link predict} judges with; they are copied. @throws AppError `update/wrong-shape`, `trainer/crashed` */
  async install(weights: Float32Array): Promise<void> {
    const request = (id: number) => ({ type: 'install', id, weights }) as const;
    expectReply(await this.#request(request, this.#deadlines.evaluateMs), 'installed');
  }

  /**
   * What the installed weights say of new examples: the shares of all classes, or one number (of anomalies the
   * reconstruction error), for each. Not finite where the model's output is not.
   * @throws AppError `dataset/mismatch`, `trainer/crashed`
   */
  async predict(inputs: PredictionInputs): Promise<Float32Array> {
    const request = (id: number) => ({ type: 'predict', id, inputs }) as const;
    return expectReply(await this.#request(request, this.#deadlines.evaluateMs), 'predicted').values;
  }

  /** What the installed weights say of the validation part that was loaded. @throws AppError `trainer/crashed` */
  async predictValidation(): Promise<LabelledPredictions> {
    const request = (id: number) => ({ type: 'predict-validation', id }) as const;
    const reply = await this.#request(request, this.#deadlines.evaluateMs);
    return expectReply(reply, 'validation-predicted').predictions;
  }

  /**
   * Stops the running round or judgement after its batch: it fails with `trainer/cancelled`. Without one: nothing. A batch
   * that goes on too long is not waited for: the process is killed, and is of no more use.
   */
  cancel(): void {
    if (this.#cancellableCount === 0) return;
    if (this.#child.connected) this.#child.send({ type: 'cancel' } satisfies TrainerRequest, () => {});
    this.#cancelTimer ??= setTimeout(() => {
      this.#isCancelForced = true;
      this.#child.kill('SIGKILL');
    }, this.#deadlines.cancelMs);
  }

  /** Ends the process, by force if it does not go; pending calls fail with `trainer/crashed`. Never throws. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#child.connected) this.#child.disconnect();
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), this.#deadlines.closeMs);
    await this.#exited;
    clearTimeout(kill);
  }

  async #cancellable(reply: Promise<TrainerReply>): Promise<TrainerReply> {
    this.#cancellableCount += 1;
    try {
      return await reply;
    } finally {
      this.#cancellableCount -= 1;
      if (this.#cancellableCount === 0) {
        clearTimeout(this.#cancelTimer);
        this.#cancelTimer = undefined;
      }
    }
  }

  #request(
    build: (id: number) => TrainerRequest,
    silenceMs: number,
    onProgress?: (progress: TrainingProgress) => void,
  ): Promise<TrainerReply> {
    if (this.#end) return Promise.reject(this.#end);
    const onSilence = () => {
      this.#stderrTail = `no answer within ${silenceMs} ms`;
      this.#child.kill('SIGKILL');
    };
    const { id, reply } = this.#pending.open({ silenceMs, onSilence, onProgress });
    this.#onBusy();
    // A failed send means that the child is going: `exit` follows and rejects the call.
    if (this.#child.connected) this.#child.send(build(id), () => {});
    return reply;
  }

  #describeExit(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    const lastLine = this.#stderrTail.trimEnd().split('\n').at(-1);
    return lastLine ? `${how}: ${lastLine}` : how;
  }
}

/** Native TensorFlow looks for these when it starts; the other methods have one thread anyway. */
function threadLimits(threads: number | null): Record<string, string> {
  if (threads === null) return {};
  const count = String(threads);
  return { TF_NUM_INTRAOP_THREADS: count, TF_NUM_INTEROP_THREADS: count, OMP_NUM_THREADS: count };
}

function expectReply<Type extends TrainerReply['type']>(
  reply: TrainerReply,
  type: Type,
): Extract<TrainerReply, { type: Type }> {
  if (reply.type !== type) throw new AppError('internal/bug', { detail: `${reply.type} instead of ${type}` });
  return reply as Extract<TrainerReply, { type: Type }>;
}
