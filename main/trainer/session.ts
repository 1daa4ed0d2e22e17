import { AppError } from '@genba/shared/errors/app-error';
import { inputWidth } from '@genba/shared/model/layers';
import { type WeightLayout, weightLayout } from '@genba/shared/model/layout';
import type { Task } from '@genba/shared/model/task';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { chooseBackend } from './backends.ts';
import { checkExampleSet } from './batches.ts';
import { evaluateModel } from './evaluation.ts';
import { readExamples } from './examples-file.ts';
import type {
  BackendChoice,
  EvaluationResult,
  EvaluationSet,
  ExampleSet,
  Examples,
  LabelledPredictions,
  LoadRequest,
  PredictionInputs,
  RoundRequest,
  TrainResult,
} from './messages.ts';
import { buildModel } from './model.ts';
import { stepTaker } from './native-graph/step-programs.ts';
import { learntPlaces } from './objective.ts';
import { Pacer } from './pacer.ts';
import { predict } from './prediction.ts';
import { ProximalPull } from './proximal.ts';
import { type RoundOptions, trainRound } from './training.ts';
import { installWeights, readWeights } from './weights.ts';

/** A loaded task: one model, built once, and the data it is trained and judged on. */
export class TrainerSession {
  readonly backend: BackendChoice;
  readonly #task: Task;
  readonly #examples: Examples;
  readonly #layout: WeightLayout;
  readonly #model: LayersModel;
  readonly #steps = stepTaker(tellRefusal('trains'));
  readonly #judging = stepTaker(tellRefusal('judges'));
  /** The model has the weights that predictions are to be made with. */
  #isInstalled = false;

  private constructor(task: Task, examples: Examples, backend: BackendChoice) {
    this.backend = backend;
    this.#task = task;
    this.#examples = examples;
    this.#layout = weightLayout(task);
    this.#model = buildModel(task);
  }

  /**
   * Reads and checks the data, chooses a backend and builds the model.
   * @throws AppError `dataset/mismatch`, `dataset/damaged`, `trainer/no-backend`
   */
  static async load(request: LoadRequest): Promise<TrainerSession> {
    const { task, backend, order } = request;
    const examples = 'stored' in request ? await readExamples(request.stored) : request;
    const { training, validation, check } = examples;
    checkExampleSet(task, 'training', training);
    checkExampleSet(task, 'validation', validation);
    if (check) checkExampleSet(task, 'check', check);
    return new TrainerSession(task, examples, await chooseBackend(task, backend, order && { order }));
  }

  /**
   * One local round from `weights`. The caller keeps all it gives; the result's weights are new.
   * @throws AppError `update/wrong-shape`, `dataset/too-small`, `trainer/cancelled`, `trainer/diverged`
   */
  async train(
    weights: Float32Array,
    { seed, training, proximal, sharePercent }: RoundRequest,
    control: Pick<RoundOptions, 'onProgress' | 'isCancelled'>,
  ): Promise<TrainResult> {
    const task = this.#task;
    const { training: examples } = this.#examples;
    const startedAt = performance.now();
    const pull = proximal === undefined ? null : ProximalPull.towards(proximal, this.#model, this.#layout);
    let loss: number;
    this.#isInstalled = false;
    try {
      installWeights(this.#model, this.#layout, weights);
      const pacer = new Pacer(sharePercent);
      const options = {
        seed,
        training: training ?? task.training,
        pull,
        pacer,
        steps: this.#steps,
        ...control,
      };
      loss = await trainRound(this.#model, task, examples, options);
    } finally {
      pull?.dispose();
    }
    const trained = await readWeights(this.#model, this.#layout);
    // The loss is taken before a step, so the last step may still have gone out of range.
    if (!trained.every(Number.isFinite)) {
      throw new AppError('trainer/diverged', { detail: 'weights after the last batch' });
    }
    const durationMs = performance.now() - startedAt;
    return { weights: trained, loss, examples: learntPlaces(task, examples).length, durationMs };
  }

  /**
   * Judges `weights` on one of the held-out sets; without a check set its result is that of an empty one.
   * @throws AppError `update/wrong-shape`, `trainer/cancelled`, `trainer/diverged`
   */
  async evaluate(
    weights: Float32Array,
    set: EvaluationSet,
    { sharePercent, isCancelled }: { sharePercent?: number | undefined; isCancelled?: () => boolean } = {},
  ): Promise<EvaluationResult> {
    const { validation, check } = this.#examples;
    const empty: ExampleSet = {
      inputs: new Uint8Array(0),
      labels: new Uint16Array(0),
      targets: new Float32Array(0),
    };
    this.#isInstalled = false;
    installWeights(this.#model, this.#layout, weights);
    const examples = set === 'validation' ? validation : (check ?? empty);
    return await evaluateModel(this.#model, this.#task, examples, {
      pacer: new Pacer(sharePercent),
      steps: this.#judging,
      isCancelled,
    });
  }

  /** Takes the weights that {@link predict} judges with. @throws AppError `update/wrong-shape` */
  install(weights: Float32Array): void {
    installWeights(this.#model, this.#layout, weights);
    this.#isInstalled = true;
  }

  /**
   * What the installed weights say of new examples; see `prediction.ts`.
   * @throws AppError `dataset/mismatch`; `internal/bug` where no weights are installed
   */
  async predict(inputs: PredictionInputs): Promise<Float32Array> {
    if (!this.#isInstalled) throw new AppError('internal/bug', { detail: 'predict before install' });
    const count = Math.floor(inputs.length / inputWidth(this.#task.input));
    const labels = new Uint16Array(count);
    const targets = new Float32Array(count);
    checkExampleSet(this.#task, 'new', { inputs, labels, targets });
    return await predict(this.#model, this.#task, inputs, this.#judging);
  }

  /** What the installed weights say of the validation part. @throws AppError `internal/bug` as {@link predict} */
  async predictValidation(): Promise<LabelledPredictions> {
    const { inputs, labels } = this.#examples.validation;
    return { labels, values: await this.predict(inputs) };
  }

  /** Frees the model's tensors and programs. */
  dispose(): void {
    this.#steps.dispose();
    this.#judging.dispose();
    this.#model.dispose();
  }
}

function tellRefusal(what: 'trains' | 'judges'): (reason: string) => void {
  return (reason) => {
    process.stderr.write(`Native TensorFlow ${what} operation by operation, which is slower: ${reason}\n`);
  };
}
