import { createStrategy } from '@genba/shared/federation/strategies/create-strategy';
import { weightLayout } from '@genba/shared/model/layout';
import { type Task, updateEncodingOf } from '@genba/shared/model/task';
import type { KeptVectors } from './open-task.ts';

/** What the strategy of a task keeps, by name. */
export function strategyVectors(task: Task): KeptVectors {
  const { serverVectors, clientVectors } = createStrategy(task.federation, weightLayout(task));
  return { server: serverVectors, client: clientVectors };
}

/** What is kept of a task: a delta is decoded against what the client was last sent, whatever the strategy looks at. */
export function keptVectors(task: Task): KeptVectors {
  const { server, client } = strategyVectors(task);
  const isNeeded = updateEncodingOf(task) !== 'float32' && !client.includes('startWeights');
  return { server, client: isNeeded ? [...client, 'startWeights'] : client };
}
