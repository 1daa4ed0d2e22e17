import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { io, setBackend, softmax, type Tensor, tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { exportModel } from './export-model.ts';
import { HeldModel, judgeOf, SIDES, sidePicture, sidesWeights } from './fixtures.ts';
import { carryOut } from './judgement.ts';

it('writes a model that says elsewhere what it says here', async () => {
  const { root, write } = temporaryFolder();
  const judge = judgeOf(root, SIDES, new HeldModel(sidesWeights()));
  onTestFinished(() => judge.stop());
  const folder = join(root, '書き出し');
  exportModel(folder, judge.exportable(), '1.2.3');
  const json = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  expect(json).toMatchObject({
    generatedBy: 'Genba agent 1.2.3',
    userDefinedMetadata: {
      classes: ['左', '右'],
      inputScale: 'pixel / 255',
      model: 'own',
      version: 7,
      rounds: 3,
    },
  });

  await setBackend('cpu');
  const { modelTopology, weightsManifest } = json;
  const weightData = new Uint8Array(readFileSync(join(folder, 'weights.bin'))).buffer;
  const model = await loadLayersModel(
    io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData }),
  );
  const file = write('a.png', await sidePicture(0.6));
  const bright = Math.round(255 * 0.6) / 255;
  const dark = Math.round(255 * 0.4) / 255;
  const pixels = Float32Array.from({ length: 64 }, (_, pixel) => (pixel % 8 < 4 ? bright : dark));
  const shares = (model.predict(tensor(pixels, [1, 8, 8, 1])) as Tensor).dataSync();
  const wish = { subject: { kind: 'paths' as const, paths: [file] }, parts: false };
  const { items } = await carryOut(judge, wish, async () => undefined);
  expect(items[0]!.verdict).toMatchObject({ className: '左', certainty: expect.closeTo(shares[0]!, 5) });
  expect(softmax(tensor([3.2 * bright, 3.2 * dark])).dataSync()[0]).toBeCloseTo(shares[0]!, 5);
});

it('leaves a folder alone that is not empty', () => {
  const { root, write } = temporaryFolder();
  const judge = judgeOf(join(root, 'データ'), SIDES, new HeldModel(sidesWeights()));
  onTestFinished(() => judge.stop());
  write('書き出し/大事.txt', 'x');
  const to = (folder: string) => () => exportModel(join(root, folder), judge.exportable(), '1');
  expect(to('書き出し')).toThrow(expect.objectContaining({ code: 'operation/target-not-empty' }));
  expect(to('書き出し/大事.txt')).toThrow(expect.objectContaining({ code: 'operation/target-not-writable' }));
  mkdirSync(join(root, '空'));
  expect(to('空')).not.toThrow();
});
