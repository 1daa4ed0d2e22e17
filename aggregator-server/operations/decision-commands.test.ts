import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { launch, listen, openLoopback } from '../testing/command.ts';
import { smallTask, trained } from '../testing/fixtures.ts';
import { statusOf } from '../testing/gateway-bench.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { TestClient, updateOffer } from '../testing/test-client.ts';
import { requestOperation } from './operator-request.ts';

const TASK = smallTask();

/** A data folder with spaces and Japanese in its path, and the command line that serves it. */
async function folder() {
  const data = join(await temporaryFolder(), 'データ フォルダー');
  const file = `${data}.json`;
  await writeFile(file, JSON.stringify(TASK));
  return {
    data,
    serve: ['serve', ...openLoopback(data, file, '--log-level', 'error')],
  };
}

const run = (...args: string[]) => launch(args).ended;

/** A plant whose updates are absurd wherever `isBad` says so. */
class Plant {
  readonly client: TestClient;
  #base: { baseId: string; baseVersion: number };
  #weights: Float32Array;

  private constructor(
    client: TestClient,
    offer: { baseId: string; globalVersion: number },
    weights: Float32Array,
  ) {
    this.client = client;
    this.#base = { baseId: offer.baseId, baseVersion: offer.globalVersion };
    this.#weights = weights;
  }

  static async join(address: string, plantName: string): Promise<Plant> {
    const { client } = await TestClient.join(address, { plantName });
    const { offer, weights } = await client.begin();
    return new Plant(client, offer, weights);
  }

  async report({ isBad }: { isBad: boolean }) {
    const weights = isBad ? this.#weights.map((value) => 40 * value + 40) : trained(this.#weights, 1);
    const offer = updateOffer({ taskId: TASK.id, ...this.#base }, weights);
    await this.client.upload(offer, weights);
    return offer;
  }

  /** Takes what the server offers. */
  async follow() {
    const offer = await this.client.expect('weights/offer');
    this.#weights = await this.client.install(offer);
    this.#base = { baseId: offer.baseId, baseVersion: offer.globalVersion };
    return { offer, weights: this.#weights };
  }
}

it('lets an operator see, release, drop and roll back while plants are connected', async () => {
  const { data, serve } = await folder();
  const { address } = await listen(serve);
  const good = await Plant.join(address, '仙台');
  const bad = await Plant.join(address, '名古屋');
  for (let count = 0; count < 2; count++) {
    await good.report({ isBad: false });
    await good.follow();
  }
  const first = await bad.report({ isBad: true });
  expect(await bad.client.expect('update/held')).toEqual({
    type: 'update/held',
    updateId: first.updateId,
    reason: 'norm',
  });
  expect((await statusOf(address)).tasks[0]!.counts).toMatchObject({
    received: 3,
    applied: 2,
    quarantined: 1,
  });

  // On every new connection the plant hears it again, and so does whoever repeats the offer.
  await bad.client.close();
  const { client: again } = await TestClient.join(address, {
    clientId: bad.client.clientId,
    plantName: '名古屋',
  });
  expect(await again.expect('update/held')).toMatchObject({ updateId: first.updateId });
  again.send(first);
  await again.expect('update/receipt');
  expect(await again.expect('update/held')).toMatchObject({ updateId: first.updateId });

  const listed = await run('quarantine', 'list', '--data', data);
  expect(listed).toMatchObject({ exitCode: 0, stderr: '' });
  expect(listed.stdout).toContain(first.updateId);
  expect(listed.stdout).toMatch(/名古屋.*norm of model \d+/);

  const dropped = await run('quarantine', 'drop', first.updateId.slice(0, 8), '--data', data);
  expect(dropped).toMatchObject({ exitCode: 0, stdout: `${first.updateId} of 名古屋 dropped\n` });
  const answer = await again.expect('weights/offer');
  expect(answer).toMatchObject({ updateId: first.updateId, globalVersion: 2 });
  await again.install(answer);
  expect((await run('quarantine', 'list', '--data', data)).stdout).toBe('No update is in quarantine.\n');
  const gone = await run('quarantine', 'release', first.updateId, '--data', data);
  expect(gone.exitCode).toBe(40);

  // The served weights go back, and everybody connected is offered them at once.
  const before = (await statusOf(address)).tasks[0]!;
  const back = await run('rollback', '--data', data, '--task', TASK.id, '--version', '1', '--yes');
  expect(back).toMatchObject({ exitCode: 0 });
  expect(back.stdout).toBe(
    `Version 3 of small has the weights of version 1 (before: 2). 2 plants follow at the next sync.\n`,
  );
  const { offer } = await good.follow();
  expect(offer).toMatchObject({ globalVersion: 3, updateId: null });
  expect(await again.expect('weights/offer')).toMatchObject({ sha256: offer.sha256 });
  const after = (await statusOf(address)).tasks[0]!;
  expect(after).toMatchObject({ globalVersion: 3, globalWeightsDigest: offer.sha256 });
  expect(after.globalWeightsDigest).not.toBe(before.globalWeightsDigest);
  await good.report({ isBad: false });
  expect((await good.follow()).offer).toMatchObject({ globalVersion: 4 });
}, 60_000);

it('does the same without a server, and the next server goes on from there', async () => {
  const { data, serve } = await folder();
  const running = await listen(serve);
  const plant = await Plant.join(running.address, '名古屋');
  const held = await plant.report({ isBad: true });
  await plant.client.expect('update/held');
  running.child.kill('SIGKILL');
  await running.ended;

  const released = await run('quarantine', 'release', '--all', '--data', data, '--task', TASK.id);
  expect(released).toMatchObject({ exitCode: 0, stdout: `${held.updateId} of 名古屋 released\n` });
  const back = await run('rollback', '--data', data, '--task', TASK.id, '--version', '0', '--yes');
  expect(back.stdout).toContain('Version 2 of small has the weights of version 0 (before: 1).');
  expect(await run('verify', '--data', data)).toMatchObject({ exitCode: 0 });

  const next = await listen(serve);
  const { client } = await TestClient.join(next.address, { clientId: plant.client.clientId });
  // The release was merged, and its answer not installed: so it is what the weights of the rollback answer.
  expect(await client.expect('weights/offer')).toMatchObject({ updateId: held.updateId, globalVersion: 2 });
}, 60_000);

it('withdraws what nobody carries out, so that it does not happen later', async () => {
  const { data, serve } = await folder();
  const { child } = await listen(serve);
  child.kill('SIGSTOP');
  const command = { kind: 'rollback', version: 0 } as const;
  const asked = requestOperation({ dataFolder: data, taskId: TASK.id, command, deadlineMs: 300 });
  await expect(asked).rejects.toMatchObject({ code: 'operation/unanswered' });
  child.kill('SIGCONT');
  await delay(1000);
  expect((await run('versions', '--data', data, '--task', TASK.id)).stdout).not.toMatch(/│ +1 │/);
}, 60_000);

it.each([
  [['quarantine', 'release'], 2],
  [['quarantine', 'drop', '--all', 'u1'], 2],
  [['quarantine', 'list', '--task', 'other'], 20],
  [['rollback', '--task', 'small', '--version', '0'], 2],
  [['rollback', '--task', 'small', '--version', '7', '--yes'], 21],
  [['rollback', '--task', 'other', '--version', '0', '--yes'], 20],
])('ends %j with exit code %i', async (args, exitCode) => {
  const { data, serve } = await folder();
  await listen(serve);
  expect(await run(...args, '--data', data)).toMatchObject({ exitCode });
});

it('refuses a check set that it cannot use, naming the reason', async () => {
  const { data, serve } = await folder();
  const missing = await run(...serve, '--check-set', `small=${data} none`);
  expect(missing.exitCode).toBe(42);
  expect(missing.stderr).toContain('ENOENT');
  expect((await run(...serve, '--check-set', `other=${data}`)).exitCode).toBe(42);
  expect((await run(...serve, '--check-set', 'small')).exitCode).toBe(2);
});
