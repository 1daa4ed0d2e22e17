import { join } from 'node:path';
import { agentStatusSchema, localMessageSchema } from '@genba/shared/local-api/messages';
import pino from 'pino';
import { expect, it } from 'vitest';
import { Agent } from './agent.ts';
import { temporaryFolder } from './dataset/temporary-folder.ts';
import { openAgentDatabase } from './store/database.ts';
import { SettingsStore } from './store/settings.ts';

const log = pino({ level: 'silent' });

it('tells a window how many rounds are planned, also after a start without that setting', async () => {
  const dataFolder = join(temporaryFolder().root, 'data');
  const planned: (number | null)[] = [];
  for (const settings of [{}, { roundLimit: 50 }, {}]) {
    const agent = new Agent({ dataFolder, appVersion: '0.0.0', log, settings });
    planned.push(agentStatusSchema.parse(agent.status()).roundLimit);
    await agent.stop();
  }
  expect(planned).toEqual([null, 50, 50]);
});

it('looks at data for a window, and trains on them once they are chosen, if they can be used', async () => {
  const { root, write } = temporaryFolder();
  const file = write('設備.csv', '温度;判定\n1,5;良\n2,5;不良\n');
  const dataFolder = join(root, 'data');
  const agent = new Agent({ dataFolder, appVersion: '0.0.0', log, settings: {} });
  const answer = localMessageSchema.parse(await agent.answer({ id: 7, query: 'preview-data', path: file }));
  expect(answer).toMatchObject({ id: 7, preview: { kind: 'csv', examples: 2, table: { decimal: ',' } } });
  await expect(agent.execute({ id: 8, command: 'set-dataset', path: `${root}/無い` })).rejects.toMatchObject({
    code: 'dataset/not-found',
  });
  await agent.execute({ id: 9, command: 'set-dataset', path: file });
  expect(agentStatusSchema.parse(agent.status())).toMatchObject({ reading: null, drift: null });
  await agent.stop();
  const database = openAgentDatabase(dataFolder);
  expect(new SettingsStore(database, 'PC').read().dataset).toBe(file);
  database.close();
});

it('on trial answers, but begins nothing before it is told that its version works', async () => {
  const { root, write } = temporaryFolder();
  const dataset = write('設備.csv', '温度;判定\n1,5;良\n2,5;不良\n');
  const dataFolder = join(root, 'data');
  const settings = { server: 'ws://127.0.0.1:9', dataset };
  const agent = new Agent({ dataFolder, appVersion: '0.0.0', log, settings, isOnTrial: true });
  agent.start();
  await agent.execute({ id: 1, command: 'pause' });
  await agent.execute({ id: 2, command: 'resume' });
  await expect(agent.execute({ id: 3, command: 'sync-now' })).rejects.toThrow();
  expect(agent.status().network.state).toBe('offline');
  await agent.execute({ id: 4, command: 'begin-work' });
  expect(agent.status().network.state).toBe('connecting');
  await agent.stop();
});
