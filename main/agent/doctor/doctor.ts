import path from 'node:path';
import type { DoctorReport, DoctorWish } from '@genba/shared/local-api/doctor';
import { ProxyLoginFile } from '../network/proxy-login-file.ts';
import { RoutePlanner } from '../network/route.ts';
import type { AgentDatabase } from '../store/database.ts';
import { openReadOnly } from '../store/read-only.ts';
import { type AgentSettings, SettingsStore } from '../store/settings.ts';
import { examine } from './examine.ts';
import { LEAST_FREE_BYTES } from './pc-layers.ts';
import { type PlantFacts, readPlantFacts, waysOf } from './subjects.ts';
import { STEP_DEADLINE_MS, systemLookup, type WayNetwork } from './way.ts';

export interface DoctorOptions {
  readonly dataFolder: string;
  readonly appVersion: string;
  readonly hostName: string;
  readonly wish: DoctorWish;
}

/**
 * Examines the plant of an open database.
 * @throws AppError `server/bad-address`, `invitation/…`
 */
export function examinePlant(database: AgentDatabase, options: DoctorOptions): Promise<DoctorReport> {
  const { dataFolder, hostName } = options;
  const settings = new SettingsStore(database, hostName).read();
  return examineFacts(readPlantFacts(database, { dataFolder, settings }), settings, options);
}

/**
 * Examines the plant of a data folder in which no agent runs, or the way from a PC that has none yet.
 * @throws AppError `startup/already-running`, `startup/data-not-writable`, `server/bad-address`, `invitation/…`
 */
export async function examineFolder(options: DoctorOptions): Promise<DoctorReport> {
  const dataFolder = path.resolve(options.dataFolder);
  const database = openReadOnly(dataFolder);
  if (database === null) {
    const settings = SettingsStore.defaults(options.hostName);
    return examineFacts({ enrolment: null, device: null, nextDevice: null, settings }, settings, options);
  }
  let settings: AgentSettings;
  let facts: PlantFacts;
  try {
    settings = new SettingsStore(database, options.hostName).read();
    facts = readPlantFacts(database, { dataFolder, settings });
  } finally {
    // Before anything takes long: an agent may want to start meanwhile.
    database.close();
  }
  return examineFacts(facts, settings, options);
}

function examineFacts(
  facts: PlantFacts,
  settings: AgentSettings,
  { dataFolder, appVersion, wish }: DoctorOptions,
): Promise<DoctorReport> {
  const ways = waysOf(wish, facts);
  const pc = { dataFolder, dataset: settings.dataset, leastFreeBytes: LEAST_FREE_BYTES };
  return examine({ appVersion, pc, ways, network: plantNetwork(settings, dataFolder) });
}

/** The ways out of this PC, by its settings. */
function plantNetwork(settings: AgentSettings, dataFolder: string): WayNetwork {
  const logins = new ProxyLoginFile(dataFolder);
  const planner = new RoutePlanner({
    setting: () => settings.proxy,
    login: (setting) => logins.read(setting),
  });
  return {
    routesTo: (endpoint) => planner.routesTo(endpoint),
    proxyAuthorities: () => settings.proxyAuthorities,
    lookup: systemLookup,
    deadlineMs: STEP_DEADLINE_MS,
    now: () => new Date(),
  };
}
