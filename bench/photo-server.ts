import { join } from 'node:path';
import type { Task } from '@genba/shared/model/task';
import { type Aggregator, startAggregator } from '../aggregator-server/server.ts';
import { writePhotos } from './photos.ts';

/**
 * Starts an aggregator of one task in a folder, beside so many photos to train on.
 * @returns the aggregator, and the options with which an agent trains on the photos for it
 */
export async function startPhotoServer(
  root: string,
  { task, photoCount }: { readonly task: Task; readonly photoCount: number },
): Promise<{ aggregator: Aggregator; agentArgs: readonly string[] }> {
  const photos = join(root, 'photos');
  await writePhotos(photos, task.classes, photoCount);
  const aggregator = await startAggregator({
    dataFolder: join(root, 'server'),
    tasks: [task],
    port: 0,
    security: { kind: 'open-loopback' },
  });
  return { aggregator, agentArgs: ['--server', new URL(aggregator.address).host, '--dataset', photos] };
}
