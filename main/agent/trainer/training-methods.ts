import { AppError } from '@genba/shared/errors/app-error';
import { type MethodReport, type MethodSurvey, timesFaster } from '@genba/shared/local-api/methods';
import type { Task } from '@genba/shared/model/task';
import type { Logger } from 'pino';
import type { BackendName, LoadRequest } from '../../trainer/messages.ts';
import type { AgentSettings } from '../store/settings.ts';
import { fastestFirst, surveyMethods, surveySubject } from './method-survey.ts';
import type { TrainerProcess } from './trainer-process.ts';

/** Deaths in a row after which a method is given up, where it computes on the processor itself: something outside may have been at fault. */
const DEATHS_OF_CPU = 2;

/** How a trainer died. */
export interface TrainerDeath {
  readonly name: BackendName;
  /** The graphics processor; null: the processor itself. */
  readonly device: string | null;
  readonly reason: string;
  /** With this one, since a round was finished or a method given up. */
  readonly deathsInARow: number;
}

/** What choosing a method needs of the agent. */
export interface TrainingMethodsContext {
  readonly appVersion: string;
  readonly settings: () => AgentSettings;
  readonly keepSurvey: (survey: MethodSurvey | null) => void;
  /** A trainer of its own, for one measurement. */
  readonly startTrainer: () => Pick<TrainerProcess, 'measure' | 'close'>;
  /** A window shows what has changed. */
  readonly onChange: () => void;
  readonly log: Logger;
}

/**
 * With what this PC trains: the method that a person has chosen, or the one that was measured to be the fastest. A
 * method that takes its trainer down is not tried again until the agent starts anew or somebody measures again.
 */
export class TrainingMethods {
  readonly #context: TrainingMethodsContext;
  readonly #failed = new Map<BackendName, string>();
  #measuring: Pick<TrainerProcess, 'measure' | 'close'> | null = null;
  #isMeasuring = false;
  #isSurveyWanted = false;
  #isClosed = false;

  constructor(context: TrainingMethodsContext) {
    this.#context = context;
  }

  /**
   * What a trainer is to be loaded with. The first time on this PC, with this model, all methods are measured before;
   * that takes some seconds.
   * @throws AppError `trainer/cancelled` after {@link close}
   */
  async choose(task: Task): Promise<Pick<LoadRequest, 'backend' | 'order'>> {
    const { backend } = this.#context.settings();
    // Who asks for figures gets them, whatever is chosen.
    if (this.#isSurveyWanted) await this.#surveyFor(task);
    if (backend !== null && !this.#failed.has(backend)) return { backend };
    const survey = await this.#surveyFor(task);
    const order = fastestFirst(survey).filter((name) => !this.#failed.has(name));
    // Something must train, and that one needs the least.
    return { backend: null, order: order.length === 0 ? ['cpu'] : order };
  }

  /**
   * The trainer has died while it used a method.
   * @param death its reason, the graphics processor that it computed on (a driver that has crashed once will again), and
   *   how many there were in a row by now
   * @returns whether another method is tried now
   */
  died({ name, device, reason, deathsInARow }: TrainerDeath): boolean {
    if (name === 'cpu' || deathsInARow < (device === null ? DEATHS_OF_CPU : 1)) return false;
    this.#failed.set(name, reason);
    this.#context.log.warn({ method: name, device, reason }, 'training method given up');
    return true;
  }

  /** Forgets what was measured and what has failed: the next round begins with a measurement. */
  measureAgain(): void {
    this.#failed.clear();
    this.#isSurveyWanted = true;
    this.#context.keepSurvey(null);
  }

  /** Somebody has chosen a method: it gets another chance. */
  chosen(name: BackendName | null): void {
    if (name !== null) this.#failed.delete(name);
  }

  /** Which methods were given up, in a sentence; null: none. */
  get note(): string | null {
    const sentences = [...this.#failed].map(([name, reason]) => `${name} was given up: ${reason}.`);
    return sentences.length === 0 ? null : sentences.join(' ');
  }

  /** See `timesFaster`. */
  timesFaster(name: BackendName): number | null {
    const survey = this.#context.settings().methodSurvey;
    return survey === null ? null : timesFaster(survey, name);
  }

  /** @param inUse what training runs with; null while it does not */
  report(inUse: BackendName | null): MethodReport {
    const { backend, methodSurvey } = this.#context.settings();
    const failed = [...this.#failed].map(([name, reason]) => ({ name, reason }));
    return { requested: backend, inUse, survey: methodSurvey, isMeasuring: this.#isMeasuring, failed };
  }

  /** Ends a measurement that runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#measuring?.close();
  }

  async #surveyFor(task: Task): Promise<MethodSurvey> {
    const { settings, keepSurvey, appVersion, log, onChange } = this.#context;
    const subject = surveySubject(task, appVersion);
    const kept = settings().methodSurvey;
    if (kept?.subject === subject) return kept;
    this.#isMeasuring = true;
    onChange();
    try {
      const survey = await surveyMethods(task, subject, (of, name) => this.#measure(of, name));
      keepSurvey(survey);
      this.#isSurveyWanted = false;
      log.info({ methods: survey.methods }, 'training methods measured');
      return survey;
    } finally {
      this.#isMeasuring = false;
      onChange();
    }
  }

  async #measure(task: Task, name: BackendName) {
    if (this.#isClosed) throw new AppError('trainer/cancelled');
    const trainer = this.#context.startTrainer();
    this.#measuring = trainer;
    try {
      return await trainer.measure(task, name);
    } catch (thrown) {
      if (this.#isClosed) throw new AppError('trainer/cancelled', { cause: thrown });
      throw thrown;
    } finally {
      this.#measuring = null;
      await trainer.close();
    }
  }
}
