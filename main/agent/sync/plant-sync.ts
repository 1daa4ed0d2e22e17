import { AppError } from '@genba/shared/errors/app-error';
import type { AgentNotice, AgentStatus } from '@genba/shared/local-api/messages';
import type { NetworkState } from '@genba/shared/local-api/network';
import type { Logger } from 'pino';
import type { DeviceIdentity } from '../identity/device-identity.ts';
import type { DeviceStore } from '../identity/device-store.ts';
import type { PlantNetwork } from '../network/plant-network.ts';
import type { ClientStore } from '../store/client-store.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Outbox } from '../store/outbox.ts';
import type { SettingsStore } from '../store/settings.ts';
import { webSocketAddress } from './server-address.ts';
import { SyncClient, type SyncTargets } from './sync-client.ts';
import { SyncHours } from './sync-hours.ts';
import { serverOf } from './target.ts';

/** What a plant's sync works with, and whom it tells. */
export interface PlantSyncContext {
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly log: Logger;
  readonly settings: SettingsStore;
  readonly client: ClientStore;
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly device: DeviceStore;
  readonly identity: DeviceIdentity;
  readonly network: PlantNetwork;
  /** Something a window shows has changed. */
  readonly onChange: () => void;
  /** The aggregator accepted this client. */
  readonly onWelcome: () => void;
  /** Weights of the aggregator were taken over. */
  readonly onInstalled: () => void;
  /** The shared model of the newest sync is here. */
  readonly onSharedModel: () => void;
}

/** All of a plant's way to its aggregator: where to, when, and what people are told of it. */
export class PlantSync {
  /** What the aggregator or the way to it refuses; null when nothing stands in the way. */
  problem: AppError | null = null;
  /** What the aggregator asked for out of the ordinary since its last answer. */
  notice: AgentStatus['notice'] = null;
  readonly #context: PlantSyncContext;
  readonly #hours: SyncHours;
  #client: SyncClient | null = null;
  #since = new Date().toISOString();

  constructor(context: PlantSyncContext) {
    this.#context = context;
    const { settings, outbox, client, log } = context;
    this.#hours = new SyncHours({
      settings: () => settings.read(),
      keepSyncNow: (syncNowRound) => settings.write({ syncNowRound }),
      outbox,
      hasWeights: () => client.base() !== null,
      isSettled: () => this.#client?.isSettled === true,
      onChange: (spreadMs) => {
        this.#client?.hoursChanged(spreadMs);
        context.onChange();
      },
      log,
    });
  }

  /** Where to connect to; null as long as nobody has said. */
  targets(): SyncTargets | null {
    const { identity, settings } = this.#context;
    const { server } = settings.read();
    const open = () => ({ address: webSocketAddress(server!), anchor: null });
    return identity.syncTargets() ?? (server === null ? null : { targets: [open()], enrolledTask: null });
  }

  /** Whether there is a connection, or one is tried. */
  get isStarted(): boolean {
    return this.#client !== null;
  }

  /** Connects, and keeps the connection; returns at once. */
  start(where: SyncTargets): void {
    const { settings, network, log } = this.#context;
    const { uploadLimit, downloadLimit } = settings.read();
    this.#hours.start();
    this.#client = new SyncClient({
      where,
      dial: network.dial,
      mayConnect: () => this.#hours.isOpen(),
      rates: { upload: bytesPerSecond(uploadLimit), download: bytesPerSecond(downloadLimit) },
      log,
      context: this.#conversation(),
    });
    this.#client.on('state', (state) => this.#onState(state));
    this.#client.on('progress', () => this.#hours.progressed());
    this.#client.start();
  }

  /** Ends the connection, to begin another one later. */
  end(): void {
    this.#client?.stop();
    this.#client?.removeAllListeners();
    this.#client = null;
    this.problem = null;
  }

  /** Ends for good. */
  stop(): void {
    this.#hours.stop();
    this.#client?.stop();
  }

  /** Sends what waits now, whatever the hours say. @throws AppError `dataset/not-found` where this PC is not set up */
  syncNow(): void {
    if (this.#client === null) {
      throw new AppError(this.targets() === null ? 'identity/not-enrolled' : 'dataset/not-found');
    }
    this.#hours.sendNow();
    this.#client.connectNow();
  }

  /** The hours for sending were set anew. */
  hoursChanged(): void {
    this.#hours.changed();
  }

  /** There may be something to send. */
  notify(): void {
    this.#client?.notify();
  }

  /** The PC has slept. */
  wake(): void {
    this.#client?.wake();
  }

  /** There may be a key to announce. */
  announceKey(): void {
    this.#client?.announceKey();
  }

  /** What a window shows of it. */
  status(): AgentStatus['network'] {
    const { identity, settings, network } = this.#context;
    const servers = identity.status()?.servers;
    const state = this.#client?.state ?? 'offline';
    return {
      state,
      server: servers === undefined ? settings.read().server : serverOf(this.#client?.address ?? servers[0]!),
      since: this.#since,
      until: state === 'outside-plan' ? isoOf(this.#hours.opensAtMs()) : null,
      proxy: network.proxy,
      syncNow: this.#hours.syncNow,
    };
  }

  /** What a conversation needs of this plant. */
  #conversation(): ConstructorParameters<typeof SyncClient>[0]['context'] {
    const { dataFolder, appVersion, device, client, outbox, ledger, identity, settings } = this.#context;
    const { onChange } = this.#context;
    return {
      device,
      client,
      outbox,
      ledger,
      dataFolder,
      appVersion,
      plantName: () => settings.read().plantName,
      taskId: () => settings.read().taskId,
      onServerTime: (serverTime) => identity.compareClocks(serverTime),
      onChange,
      onWelcome: () => this.#onWelcome(),
      onReceipt: () => this.#onReceipt(),
      onInstalled: (isReply) => this.#onInstalled(isReply),
      onSharedModel: () => this.#context.onSharedModel(),
      onNotice: (notice) => this.#onNotice(notice),
      onRefusal: (error, isFatal) => this.#onRefusal(error, isFatal),
    };
  }

  #onState(state: NetworkState): void {
    // What went wrong with the network before is over: nothing is tried now.
    if (state === 'outside-plan' && this.problem?.isRetryable) this.problem = null;
    this.#since = new Date().toISOString();
    this.#context.onChange();
  }

  #onWelcome(): void {
    this.problem = null;
    this.#context.onWelcome();
    this.#context.onChange();
  }

  #onReceipt(): void {
    this.#hours.progressed();
    this.problem = null;
    this.#context.onChange();
  }

  #onInstalled(isReply: boolean): void {
    this.#hours.progressed();
    this.#hours.changed();
    if (isReply) this.notice = null;
    this.#context.onInstalled();
    this.#context.onChange();
  }

  #onNotice(kind: AgentNotice): void {
    this.#context.log.warn({ notice: kind }, 'the aggregator asks for something again');
    this.notice = { kind, at: new Date().toISOString() };
    this.#context.onChange();
  }

  #onRefusal(error: AppError, isFatal: boolean): void {
    // What mends itself by connecting again is a state of the network, not a problem to show.
    if (isFatal || !error.isRetryable) this.problem = error;
    this.#context.onChange();
  }
}

/** A limit as it is set, 1000 bytes per second; null where none is. */
export function bytesPerSecond(limit: number): number | null {
  return limit === 0 ? null : limit * 1000;
}

/** A moment as the status tells it. */
function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
