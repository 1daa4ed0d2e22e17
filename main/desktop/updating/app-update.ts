import { toAppError } from '@genba/shared/errors/app-error';
import type { AppUpdate, UpdateReport } from '@genba/shared/local-api/app-update';
import type { AgentStatus, LocalApiEndpoint } from '@genba/shared/local-api/messages';
import { UPDATES_PATH } from '@genba/shared/protocol/status';
import type { Installation } from './installation.ts';
import type { OfferedVersion, UpdateEngine } from './update-engine.ts';
import type { UpdateJournal } from './update-journal.ts';
import { updateProblem } from './update-problem.ts';

/** How often the aggregator is asked by itself, milliseconds. */
export const ASK_EVERY_MS = 4 * 3_600_000;
/** How soon it is asked again after it could not be, milliseconds. */
export const RETRY_MS = 15 * 60_000;
/** How often it is looked whether that time has come, milliseconds. */
const LOOK_MS = 60_000;

/** What of the agent's status counts here. */
export type SeenStatus = Pick<AgentStatus, 'identity' | 'network'>;

export interface AppUpdateContext {
  /** Of the running program. */
  readonly version: string;
  readonly installation: Installation;
  readonly journal: UpdateJournal;
  /** Made at the first need: most starts never need it. */
  readonly engine: () => Promise<UpdateEngine>;
  readonly find: () => Promise<LocalApiEndpoint | null>;
  /** Whether the agent is this account's to stop. */
  readonly isAgentOurs: (agent: LocalApiEndpoint) => boolean;
  /** Something that a page shows has changed. */
  readonly changed: () => void;
  readonly now: () => Date;
}

/**
 * Newer versions of this program: asks the aggregator, through the agent, now and then while there is a connection, and
 * whenever a person wants it; fetches what is offered in the background; and has it ready until a person says that it
 * is to be installed.
 */
export class AppUpdates {
  readonly #context: AppUpdateContext;
  #update: AppUpdate;
  #seen: SeenStatus | null = null;
  #nextAskAt = 0;
  #running: Promise<void> | null = null;
  #fetching = new AbortController();
  #timer: NodeJS.Timeout | null = null;

  constructor(context: AppUpdateContext) {
    this.#context = context;
    const { installation } = context;
    this.#update =
      installation.kind === 'kept-by-it'
        ? { state: 'kept-by-it', reason: installation.reason }
        : { state: 'not-asked' };
  }

  /** What a page shows. */
  report(): UpdateReport {
    const { version, journal } = this.#context;
    const isStranger = this.#seen !== null && this.#seen.identity === null;
    const update: AppUpdate =
      this.#update.state === 'not-asked' && isStranger ? { state: 'not-enrolled' } : this.#update;
    return { version, update, wentBack: journal.read().wentBack };
  }

  /** What is ready to be installed; null where nothing is. */
  get ready(): { readonly version: string } | null {
    return this.#update.state === 'ready' ? { version: this.#update.version } : null;
  }

  /** The agent's newest status. Asks the aggregator where it is time to. */
  seen(status: SeenStatus): void {
    const wasEnrolled = this.#seen?.identity != null;
    this.#seen = status;
    if (wasEnrolled !== (status.identity !== null)) this.#context.changed();
    this.#askWhenDue();
  }

  /** Looks from now on whether it is time to ask. */
  start(): void {
    this.#timer ??= setInterval(() => this.#askWhenDue(), LOOK_MS);
    this.#timer.unref();
  }

  /** Asks no more. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#nextAskAt = Number.POSITIVE_INFINITY;
  }

  /** A person wants to know now. Never throws: what came of it is in the report. */
  ask(): Promise<void> {
    this.#running ??= this.#askAndFetch().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** A person wants what is being fetched not now: it is fetched when it is asked for the next time. */
  stopFetching(): void {
    if (this.#update.state === 'fetching') this.#fetching.abort();
  }

  /** A person knows that this PC went back to an older version. */
  acknowledge(): void {
    this.#context.journal.write({ wentBack: null });
    this.#context.changed();
  }

  /** An installation of what is ready begins; nothing is asked or fetched from then on. */
  beginInstall(version: string): void {
    this.#show({ state: 'installing', version });
  }

  /** An installation did not come about; the version that runs goes on. */
  failInstall(thrown: unknown): void {
    this.#fail(thrown);
  }

  #askWhenDue(): void {
    // Outside of the hours for sending there is no connection: then the plant's line is left to others.
    const isOnline = this.#seen?.identity != null && this.#seen.network.state === 'online';
    if (isOnline && this.#context.now().getTime() >= this.#nextAskAt) void this.ask();
  }

  async #askAndFetch(): Promise<void> {
    const { installation, now } = this.#context;
    if (installation.kind === 'kept-by-it' || this.#isInstalling) return;
    this.#nextAskAt = now().getTime() + ASK_EVERY_MS;
    const before = this.#update;
    // What is ready stays so while it is asked for something newer.
    if (before.state !== 'ready') this.#show({ state: 'asking' });
    try {
      const found = await this.#find();
      // A person may have decided meanwhile.
      if (this.#isInstalling) return;
      if (found === null) return this.#show({ state: 'current', askedAt: now().toISOString() });
      if (before.state === 'ready' && before.version === found.version) return;
      await this.#fetch(found);
    } catch (thrown) {
      if (this.#isInstalling) return;
      // What is here and whole does not get worse by a question that nobody answers.
      if (this.#update.state === 'ready') this.#nextAskAt = now().getTime() + RETRY_MS;
      else this.#fail(thrown);
    }
  }

  get #isInstalling(): boolean {
    return this.#update.state === 'installing';
  }

  /** The newest version that is offered. @throws Error */
  async #find(): Promise<OfferedVersion | null> {
    const agent = await this.#context.find();
    if (agent === null) throw new Error('net::ERR_NO_AGENT');
    if (!this.#context.isAgentOurs(agent)) {
      this.#show({ state: 'kept-by-it', reason: 'service' });
      throw new Error('the agent is another account’s');
    }
    const engine = await this.#context.engine();
    return engine.find({ url: `${agent.address}${UPDATES_PATH}`, token: agent.token });
  }

  async #fetch({ version, notes }: OfferedVersion): Promise<void> {
    this.#fetching = new AbortController();
    const { signal } = this.#fetching;
    this.#show({ state: 'fetching', version, share: 0 });
    let shown = 0;
    const engine = await this.#context.engine();
    try {
      await engine.fetch((share) => {
        // A page wants to see it move, not every piece.
        if (share - shown < 0.01 || signal.aborted) return;
        shown = share;
        this.#show({ state: 'fetching', version, share });
      }, signal);
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
      return this.#show({ state: 'stopped', version });
    }
    this.#show({ state: 'ready', version, notes });
  }

  #fail(thrown: unknown): void {
    if (this.#update.state === 'kept-by-it') return;
    const { now } = this.#context;
    this.#nextAskAt = now().getTime() + RETRY_MS;
    this.#show({ state: 'failed', problem: problemOf(thrown), failedAt: now().toISOString() });
  }

  #show(update: AppUpdate): void {
    this.#update = update;
    this.#context.changed();
  }
}

function problemOf(thrown: unknown) {
  const { code } = toAppError(thrown);
  return code === 'internal/bug' ? updateProblem(thrown) : code;
}
