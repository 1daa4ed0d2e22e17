import { PROTOCOL_VERSION } from '@genba/shared/protocol/limits';
import type { AggregatorStatus, Health, TaskStatus } from '@genba/shared/protocol/status';
import type { TaskEngine } from '../engine/task-engine.ts';
import { AGGREGATOR_VERSION } from '../version.ts';
import type { SessionHost } from './session.ts';

/** What `/health` answers. */
export function health({ engines, admission }: SessionHost): Health {
  const answer = { status: 'ok', version: AGGREGATOR_VERSION, protocol: PROTOCOL_VERSION } as const;
  // What is learnt here is nothing a stranger should know.
  if (admission !== null) return { ...answer, security: 'enrolled' };
  return { ...answer, security: 'open-loopback', tasks: [...engines.keys()] };
}

/** What `/status` answers, where everybody on this computer is let in. @throws AppError `server/storage` */
export async function aggregatorStatus(host: SessionHost): Promise<AggregatorStatus> {
  const tasks = await Promise.all([...host.engines.values()].map((engine) => taskStatus(engine, host)));
  return {
    version: AGGREGATOR_VERSION,
    security: 'open-loopback',
    store: host.retention.usage,
    tasks,
  };
}

async function taskStatus(engine: TaskEngine, { store, registry }: SessionHost): Promise<TaskStatus> {
  const { id, name } = engine.task;
  const { received, applied, setAside, quarantined, keptVersions, evictedClients, clients } =
    await store.catalogue.summarise(id);
  return {
    taskId: id,
    name,
    globalVersion: engine.state.globalVersion,
    globalWeightsDigest: engine.state.vectors.globalWeights,
    counts: {
      received,
      applied,
      refused: registry.refusalCount(id),
      failed: setAside + engine.failedCount,
      quarantined,
    },
    keptVersions,
    evictedClients,
    clients: clients.map(({ program, ...client }) => ({
      ...client,
      app: program?.app ?? null,
      lacks: [...(program?.lacks ?? [])],
      connected: registry.find(id, client.clientId) !== undefined,
    })),
  };
}
