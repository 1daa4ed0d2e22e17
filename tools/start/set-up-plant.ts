import { readEnrolment } from '../../main/agent/identity/device-store.ts';
import { readAgentStatus } from '../../main/agent/local-api/ask-agent.ts';
import { findAgent } from '../../main/agent/local-api/find-agent.ts';
import { openReadOnly } from '../../main/agent/store/read-only.ts';
import { SettingsStore } from '../../main/agent/store/settings.ts';

/**
 * Whether the plant of a data folder has an aggregator, by enrolment or by its settings.
 * @throws AppError `startup/already-running` where an agent has the folder and does not answer
 */
export async function isSetUp(dataFolder: string): Promise<boolean> {
  const endpoint = await findAgent(dataFolder);
  if (endpoint !== null) return (await readAgentStatus(endpoint)).security !== null;
  const database = openReadOnly(dataFolder);
  if (database === null) return false;
  try {
    return readEnrolment(database) !== null || new SettingsStore(database, '').read().server !== null;
  } finally {
    database.close();
  }
}
