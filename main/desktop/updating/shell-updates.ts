import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { UpdateReport } from '@genba/shared/local-api/app-update';
import type { AgentStatus, LocalApiEndpoint, LocalCommand } from '@genba/shared/local-api/messages';
import type { AgentSight } from '../agent-watcher.ts';
import { AppUpdates } from './app-update.ts';
import { installUpdate } from './install.ts';
import type { Installation } from './installation.ts';
import { KEPT_FOLDER } from './kept-version.ts';
import { isWithinShare } from './rollout.ts';
import { type GuardProgram, startGuard } from './start-guard.ts';
import { isOurs, stopAgentForUpdate } from './stop-agent.ts';
import { endTrial, leaveStart } from './trial.ts';
import type { UpdateEngine } from './update-engine.ts';
import type { UpdateJournal } from './update-journal.ts';

/** In the window's folder: the guard of a new version. */
const GUARD_FOLDER = 'update-guard';

/** How long the agent may take to answer, milliseconds. */
const ANSWER_DEADLINE_MS = 10_000;

export interface ShellUpdatesContext {
  readonly version: string;
  readonly installation: Installation;
  readonly journal: UpdateJournal;
  /** This start is one of a new version that has yet to prove itself. */
  readonly isTrial: boolean;
  readonly dataFolder: string;
  /** The window's folder. */
  readonly folder: string;
  readonly guard: GuardProgram;
  /** The installer that this version came by (Windows). */
  readonly ownInstaller: string;
  readonly makeEngine: (
    isForHere: (version: string, sharePercent: number) => boolean,
  ) => Promise<UpdateEngine>;
  readonly find: () => Promise<LocalApiEndpoint | null>;
  readonly ask: (agent: LocalApiEndpoint, command: LocalCommand, deadlineMs: number) => Promise<unknown>;
  /** Keeps the agent from being started, or lets it again. */
  readonly suspendAgent: (isSuspended: boolean) => void;
  /** Lets another copy of this program start, or keeps it from that again. */
  readonly makeRoom: (isWanted: boolean) => void;
  readonly changed: () => void;
  readonly now: () => Date;
}

/** The shell's part in updates: what it knows of them, how one is installed, and whether a new version works. */
export class ShellUpdates {
  readonly #context: ShellUpdatesContext;
  readonly #updates: AppUpdates;
  #engine: Promise<UpdateEngine> | null = null;
  #status: AgentStatus | null = null;
  #hasPainted = false;
  #hasSpoken = false;
  #isProven = false;
  #onProven: () => void = () => undefined;
  /** Resolves when window, page and agent have all shown that they work. */
  readonly proven = new Promise<void>((resolve) => {
    this.#onProven = resolve;
  });

  constructor(context: ShellUpdatesContext) {
    this.#context = context;
    const { version, installation, journal, find, changed, now } = context;
    this.#updates = new AppUpdates({
      version,
      installation,
      journal,
      engine: () => this.#makeEngine(),
      find,
      isAgentOurs: ({ pid }) => isOurs(pid),
      changed,
      now,
    });
    this.#updates.start();
  }

  report(): UpdateReport {
    return this.#updates.report();
  }

  /** A person wants to know whether there is a newer version. */
  ask(): Promise<void> {
    return this.#updates.ask();
  }

  /** A person wants what is being fetched not now. */
  stopFetching(): void {
    this.#updates.stopFetching();
  }

  /** A person knows that this PC went back to an older version. */
  acknowledge(): void {
    this.#updates.acknowledge();
  }

  /** Whether a version waits to be installed. */
  get isReady(): boolean {
    return this.#updates.ready !== null;
  }

  /**
   * Installs the version that is ready, because a person says so; this program ends then. Never throws: where it does
   * not work, all goes on as before and the report says why.
   * @param startsAfter whether the new version is started then
   */
  async install(startsAfter = true): Promise<void> {
    const { ready } = this.#updates;
    const { installation, suspendAgent, dataFolder, journal, folder, version } = this.#context;
    if (ready === null || installation.kind === 'kept-by-it') return;
    this.#updates.beginInstall(ready.version);
    try {
      await installUpdate(
        { to: ready.version, from: version, startsAfter },
        {
          engine: await this.#makeEngine(),
          journal,
          installation,
          dataFolder,
          keptFolder: join(folder, KEPT_FOLDER),
          ownInstaller: this.#context.ownInstaller,
          stopAgent: async () => {
            suspendAgent(true);
            await stopAgentForUpdate(dataFolder, { isForced: false });
            this.#context.makeRoom(true);
          },
          startGuard: () =>
            startGuard(this.#context.guard, {
              folder: join(folder, GUARD_FOLDER),
              journal: journal.path,
              dataFolder,
            }),
        },
      );
    } catch (thrown) {
      this.#context.makeRoom(false);
      suspendAgent(false);
      this.#updates.failInstall(thrown);
    }
  }

  /** What is known of the agent at the moment. */
  seen(sight: AgentSight): void {
    if (!('status' in sight)) return;
    const isFirst = this.#status === null;
    this.#status = sight.status;
    this.#updates.seen(sight.status);
    this.#prove();
    // One that was left on trial by a start that ended in the middle.
    if (isFirst && !this.#context.isTrial) void this.#letWork();
  }

  /** The window has been painted. */
  painted(): void {
    this.#hasPainted = true;
    this.#prove();
  }

  /** The page's own program runs. */
  pageSpoke(): void {
    this.#hasSpoken = true;
    this.#prove();
  }

  /** A person ends this program. */
  quit(): void {
    if (this.#context.isTrial && !this.#isProven) leaveStart(this.#context.journal, this.#context.now());
    this.#updates.stop();
  }

  /** Whether the agent is to be started on trial. */
  get isOnTrial(): boolean {
    return this.#context.isTrial && !this.#isProven;
  }

  #prove(): void {
    if (this.#isProven || !this.#hasPainted || !this.#hasSpoken || this.#status === null) return;
    this.#isProven = true;
    const { journal, isTrial, folder } = this.#context;
    try {
      endTrial(journal);
      for (const name of [KEPT_FOLDER, GUARD_FOLDER])
        rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // A full disk, or on Windows a guard that has yet to end: the next start does it again.
    }
    if (isTrial) void this.#letWork();
    this.#onProven();
  }

  async #letWork(): Promise<void> {
    const { find, ask } = this.#context;
    const agent = await find();
    // An older agent does not know the command, and waits for none.
    if (agent !== null)
      await ask(agent, { id: 1, command: 'begin-work' }, ANSWER_DEADLINE_MS).catch(() => undefined);
  }

  #makeEngine(): Promise<UpdateEngine> {
    this.#engine ??= this.#context.makeEngine(this.#isForHere);
    return this.#engine;
  }

  readonly #isForHere = (version: string, sharePercent: number): boolean => {
    const { refused } = this.#context.journal.read();
    if (refused.includes(version)) return false;
    // Until the agent has said which PC this is, only what all are offered.
    const deviceId = this.#status?.clientId;
    return deviceId === undefined ? sharePercent >= 100 : isWithinShare(deviceId, sharePercent);
  };
}
