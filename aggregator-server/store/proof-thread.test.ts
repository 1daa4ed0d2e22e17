import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeUpdate } from '@genba/shared/federation/encoding/encode-update';
import { weightLayout } from '@genba/shared/model/layout';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytesOf, randomWeights, sha256, smallTask, trained } from '../testing/fixtures.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { startProverThread } from './proof-thread.ts';
import { OWN_THREADS, THIS_THREAD } from './store-threads.ts';

const GOOD = Float32Array.of(1, -2, 9e29);

async function fileOf(weights: Float32Array): Promise<{ path: string; sha256: string }> {
  const path = join(await temporaryFolder(), '更新 1.part');
  await writeFile(path, bytesOf(weights));
  return { path, sha256: sha256(bytesOf(weights)) };
}

describe.each(Object.entries({ THIS_THREAD, OWN_THREADS }))('a prover in %s', (_name, { startProver }) => {
  it('lets through what is as it claims, and refuses the rest by name', async () => {
    const { prove, end } = startProver();
    onTestFinished(end);
    const good = await fileOf(GOOD);
    expect(await prove(good)).toEqual({ path: good.path, digest: good.sha256 });
    const wrong = { ...good, sha256: sha256(new Uint8Array(4)) };
    await expect(prove(wrong)).rejects.toMatchObject({ code: 'update/digest-mismatch' });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2e30]) {
      const spoilt = await fileOf(Float32Array.of(1, value, 2));
      await expect(prove(spoilt)).rejects.toMatchObject({ code: 'update/not-finite' });
    }
    const missing = { ...good, path: `${good.path}x` };
    await expect(prove(missing)).rejects.toMatchObject({ code: 'server/storage' });
  });

  it('decodes a delta, and refuses one that leads elsewhere', async () => {
    const { prove, end } = startProver();
    onTestFinished(end);
    const folder = join(await temporaryFolder(), '重み');
    await mkdir(join(folder, 'temporary'), { recursive: true });
    const task = smallTask();
    const start = randomWeights(task, 1);
    const startDigest = sha256(bytesOf(start));
    await mkdir(join(folder, startDigest.slice(0, 2)));
    await writeFile(join(folder, startDigest.slice(0, 2), startDigest), bytesOf(start));
    const form = { encoding: 'int8', layout: weightLayout(task) } as const;
    const { payload, weights } = encodeUpdate(form, trained(start, 2), start)!;
    const path = join(folder, '更新 1.part');
    await writeFile(path, payload);
    const weightsDigest = sha256(bytesOf(weights));
    const upload = { path, sha256: sha256(payload), delta: { ...form, folder, startDigest, weightsDigest } };
    const decoded = await prove(upload);
    expect(decoded.digest).toBe(weightsDigest);
    expect(await readFile(decoded.path)).toEqual(Buffer.from(bytesOf(weights)));
    await rm(decoded.path);
    const elsewhere = { ...upload, delta: { ...upload.delta, weightsDigest: startDigest } };
    await expect(prove(elsewhere)).rejects.toMatchObject({ code: 'update/encoding-refused' });
    expect(await readdir(join(folder, 'temporary'))).toEqual([]);
  });
});

it('proves again after its thread has died', async () => {
  const { prove, end, crash } = startProverThread();
  onTestFinished(end);
  const good = await fileOf(GOOD);
  const lost = expect(prove(good)).rejects.toMatchObject({ code: 'server/storage' });
  await crash();
  await lost;
  await prove(good);
});
