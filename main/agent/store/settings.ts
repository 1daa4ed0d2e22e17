import { MIN_QUOTA_BYTES } from '@genba/shared/local-api/disk';
import { backendName, methodSurveySchema } from '@genba/shared/local-api/methods';
import { rejectionWishSchema } from '@genba/shared/local-api/rejection';
import { DEFAULT_SCHEDULE, type Schedule, scheduleShape } from '@genba/shared/local-api/schedule';
import { MAX_WATCHES, watchWishSchema } from '@genba/shared/local-api/watches';
import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import { SYSTEM_PROXY } from '../network/proxy-setting.ts';
import type { AgentDatabase } from './database.ts';

/** Longest name of a plant, characters. */
export const MAX_PLANT_NAME_LENGTH = 100;

/** Highest limit of a direction, 1000 bytes per second: that of no line is higher. */
const MAX_LIMIT = 1_000_000;

/** What the person who sets up the agent decides; kept, so that later starts need only the data folder. */
const settingsSchema = z.strictObject({
  plantName: z.string().min(1).max(MAX_PLANT_NAME_LENGTH),
  /** `ws://host:port` of the aggregator. */
  server: z.string().nullable(),
  /** Folder or file with the training data. */
  dataset: z.string().nullable(),
  /** Folder in which new pictures arrive that people label; null = none. */
  inbox: z.string().nullable(),
  /** How good parts are told from bad ones. */
  rejection: rejectionWishSchema,
  /** Folders whose new pictures are judged. */
  watches: z.array(watchWishSchema).max(MAX_WATCHES),
  /** Port on which programs may ask for predictions; null = none. */
  predictPort: z.int().min(1).max(65_535).nullable(),
  /** Address to listen on for them. */
  predictHost: z.union([z.ipv4(), z.ipv6()]),
  /** Held-out data judged after every round, beside the plant's own. */
  checkSet: z.string().nullable(),
  /** null = the aggregator's only task. */
  taskId: z.string().nullable(),
  /** Stop after this many rounds in all; null = go on. */
  roundLimit: z.int().min(0).nullable(),
  /** Rest between two rounds, seconds. */
  restSeconds: z.number().min(0).max(86_400),
  /** null = the fastest that works. */
  backend: backendName.nullable(),
  /** What was measured of the ways to train; null before that. */
  methodSurvey: methodSurveySchema.nullable(),
  /** Orders the examples of each round. */
  seed: z.int().min(0).max(0xffff_ffff),
  isPaused: z.boolean(),
  /** Age at which the device's key is replaced by a new one, days. */
  keyRotationDays: z.number().min(1).max(3650),
  /** What sending, and receiving, may take of the plant's line, 1000 bytes per second; 0 = as fast as it goes. */
  uploadLimit: z.number().min(0).max(MAX_LIMIT),
  downloadLimit: z.number().min(0).max(MAX_LIMIT),
  /** How to get to the aggregator; see `readProxySetting`. Never with a password. */
  proxy: z.string().max(2000),
  /** Certificates that a proxy reached over TLS may be signed by, PEM; null = those this computer trusts. */
  proxyAuthorities: z.string().nullable(),
  ...scheduleShape,
  /** Somebody wants all rounds up to this number sent at once, whatever `syncWhen` says; null = nobody does. */
  syncNowRound: z.int().min(0).nullable(),
  /** Largest size of the data folder, bytes. */
  quotaBytes: z.int().min(MIN_QUOTA_BYTES),
});
export type AgentSettings = z.output<typeof settingsSchema>;

const DEFAULT_REST_SECONDS = 60;
const DEFAULT_KEY_ROTATION_DAYS = 180;
/** Far more than models and history of most tasks take; it is there for what nobody expects. */
const DEFAULT_QUOTA_BYTES = 20e9;

interface SettingRow {
  readonly key: string;
  readonly value: string;
}

/** Reads and writes the settings rows. */
export class SettingsStore {
  readonly #database: AgentDatabase;
  readonly #defaults: AgentSettings;
  readonly #selectRows: Statement<[], SettingRow>;
  /** What was read last, and from which rows: it is asked for several times a second, and changes once a month. */
  #last: { readonly rows: string; readonly settings: Readonly<AgentSettings> } | null = null;

  constructor(database: AgentDatabase, hostName: string) {
    this.#database = database;
    this.#defaults = SettingsStore.defaults(hostName);
    this.#selectRows = database.prepare('SELECT key, value FROM setting');
  }

  /** What holds where nothing was ever set. */
  static defaults(hostName: string): AgentSettings {
    return {
      plantName: hostName.slice(0, MAX_PLANT_NAME_LENGTH) || 'Plant',
      server: null,
      dataset: null,
      inbox: null,
      rejection: { rejectGood: null, goodClasses: null },
      watches: [],
      predictPort: null,
      predictHost: '127.0.0.1',
      checkSet: null,
      taskId: null,
      roundLimit: null,
      restSeconds: DEFAULT_REST_SECONDS,
      backend: null,
      methodSurvey: null,
      seed: 1,
      isPaused: false,
      keyRotationDays: DEFAULT_KEY_ROTATION_DAYS,
      uploadLimit: 0,
      downloadLimit: 0,
      proxy: SYSTEM_PROXY,
      proxyAuthorities: null,
      ...DEFAULT_SCHEDULE,
      syncNowRound: null,
      quotaBytes: DEFAULT_QUOTA_BYTES,
    };
  }

  /** All settings, defaults where nothing was ever set. */
  read(): Readonly<AgentSettings> {
    const found = this.#selectRows.all();
    const rows = JSON.stringify(found);
    if (this.#last?.rows !== rows) {
      const stored = Object.fromEntries(found.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
      this.#last = { rows, settings: settingsSchema.parse({ ...this.#defaults, ...stored }) };
    }
    return this.#last.settings;
  }

  /**
   * Keeps the given settings; the others stay.
   * @throws z.ZodError naming a setting that is out of range; nothing is kept then
   */
  write(changes: Partial<AgentSettings>): AgentSettings {
    const next = settingsSchema.parse({ ...this.read(), ...changes });
    const put = this.#database.prepare(
      'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    this.#database.transaction(() => {
      for (const [key, value] of Object.entries(changes))
        if (value !== undefined) put.run(key, JSON.stringify(value));
    })();
    return next;
  }
}

/** The part of the settings that says when training and sending may run. */
export function scheduleOf(settings: AgentSettings): Schedule {
  const { trainWhen, syncWhen, idleMinutes, sharePercent, onBattery, threads, shiftStarts } = settings;
  return { trainWhen, syncWhen, idleMinutes, sharePercent, onBattery, threads, shiftStarts };
}
