import { AppError } from '@genba/shared/errors/app-error';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { Logger } from 'pino';
import type { Dial } from '../network/dial.ts';
import type { ClientStore } from '../store/client-store.ts';
import type { SettingsStore } from '../store/settings.ts';
import type { SyncTargets } from '../sync/sync-client.ts';
import { encryptedTarget, type Target } from '../sync/target.ts';
import type { DeviceStore, Enrolment } from './device-store.ts';
import { type EnrolStep, enrol } from './enrol.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A clock that is further off than this is worth a word, milliseconds. */
export const CLOCK_TOLERANCE_MS = 5 * MINUTE_MS;

export interface DeviceIdentityOptions {
  readonly device: DeviceStore;
  readonly client: ClientStore;
  readonly settings: SettingsStore;
  readonly appVersion: string;
  /** Opens connections to the aggregator. */
  readonly dial: Dial;
  readonly log: Logger;
}

/** What the agent does about who it is: enrols, renews its key, compares clocks, and tells a window of it. */
export class DeviceIdentity {
  readonly #options: DeviceIdentityOptions;
  /** The enrolment in progress; one at a time. */
  #enrolment: Promise<void> = Promise.resolve();
  /** That this PC's clock is off, as far as the aggregator knows; null otherwise. */
  clockProblem: AppError | null = null;

  constructor(options: DeviceIdentityOptions) {
    this.#options = options;
  }

  /**
   * Enrols with an invitation; see {@link enrol}.
   * @param text the invitation: its link, or the content of its file
   */
  enrol(text: string, onStep: (step: EnrolStep) => void): Promise<void> {
    const enrolment = this.#enrolment.then(() => this.#enrol(text, onStep));
    this.#enrolment = enrolment.catch(() => undefined);
    return enrolment;
  }

  async #enrol(text: string, onStep: (step: EnrolStep) => void): Promise<void> {
    const { device, client, appVersion, dial } = this.#options;
    await enrol(text, {
      device,
      client,
      appVersion,
      dial,
      onStep,
      onServerTime: (serverTime) => this.compareClocks(serverTime),
      complete: (made, task) => this.complete(made, () => this.#options.client.saveTask(task)),
    });
  }

  /**
   * The aggregator has let this PC's key in: makes the enrolment its own.
   * @param more what is to be changed along with it, or not at all
   */
  complete(made: Enrolment, more: () => void = () => undefined): void {
    const { device, settings, log } = this.#options;
    const { taskId, plantName, certificate } = made;
    device.completeEnrolment(made, () => {
      settings.write({ server: null, taskId, plantName });
      more();
    });
    log.info({ taskId, certificate, keyId: device.keyRecords().current?.keyId }, 'enrolled');
  }

  /**
   * Makes the key that is to follow the one in use, where none is on its way.
   * @throws AppError `identity/not-enrolled`
   */
  rotateKey(): void {
    const { device, log } = this.#options;
    device.beginRotation();
    const { current, next } = device.keyRecords();
    log.info({ keyId: current?.keyId, nextKeyId: next?.keyId }, 'the key is to be replaced');
  }

  /** Makes the next key when the one in use has come to the age the settings name. */
  rotateOldKey(): void {
    const { device, settings } = this.#options;
    const { current, next } = device.keyRecords();
    if (current === null || next !== null) return;
    const ageMs = Date.now() - Date.parse(current.createdAt);
    if (ageMs > settings.read().keyRotationDays * DAY_MS) this.rotateKey();
  }

  /** Compares this PC's clock with what the aggregator's says, ISO 8601. */
  compareClocks(serverTime: string): void {
    const aheadMs = Date.now() - Date.parse(serverTime);
    this.clockProblem = null;
    if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) return;
    const minutes = Math.round(Math.abs(aheadMs) / MINUTE_MS);
    const detail = `${minutes} min ${aheadMs > 0 ? 'ahead of' : 'behind'} the aggregator`;
    this.clockProblem = new AppError('clock/wrong', { detail });
    this.#options.log.warn({ code: 'clock/wrong', detail }, 'the clock is off');
  }

  /** Where to connect to; null before the enrolment. Nothing unencrypted is among it. */
  syncTargets(): SyncTargets | null {
    const enrolment = this.#options.device.enrolment();
    if (enrolment === null) return null;
    const targets = enrolment.servers.map((server) => encryptedTarget(server, enrolment.anchor));
    return { targets: targets as [Target, ...Target[]], enrolledTask: enrolment.taskId };
  }

  /** What a window shows of it. */
  status(): AgentStatus['identity'] {
    const { device } = this.#options;
    const enrolment = device.enrolment();
    if (enrolment === null) return null;
    const { taskId, plantName, servers, certificate, enrolledAt } = enrolment;
    const { current, next } = device.keyRecords();
    const { keyId, createdAt: keyCreatedAt } = current!;
    return {
      taskId,
      plantName,
      servers: [...servers],
      certificate,
      enrolledAt,
      keyId,
      keyCreatedAt,
      nextKeyId: next?.keyId ?? null,
    };
  }
}
