import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bytesOf, sha256 } from '../testing/fixtures.ts';
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
    await prove(good);
    const wrong = { ...good, sha256: sha256(new Uint8Array(4)) };
    await expect(prove(wrong)).rejects.toMatchObject({ code: 'update/digest-mismatch' });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2e30]) {
      const spoilt = await fileOf(Float32Array.of(1, value, 2));
      await expect(prove(spoilt)).rejects.toMatchObject({ code: 'update/not-finite' });
    }
    const missing = { ...good, path: `${good.path}x` };
    await expect(prove(missing)).rejects.toMatchObject({ code: 'server/storage' });
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
