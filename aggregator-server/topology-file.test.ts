import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { weightLayout } from '@genba/shared/model/layout';
import { describe, expect, it } from 'vitest';
import { readTaskFile } from './task-file.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const TOPOLOGY = {
  class_name: 'Sequential',
  config: {
    name: 'net',
    layers: [
      {
        module: 'keras.layers',
        class_name: 'Dense',
        config: { name: 'out', units: 2, dtype: { class_name: 'DTypePolicy' }, bias_constraint: null },
        registered_name: null,
        build_config: { input_shape: [null, 3] },
      },
    ],
  },
};

/** A task file in a folder with a Japanese name, its topology beside it. */
async function taskFile(topology: string | null): Promise<string> {
  const folder = join(await temporaryFolder(), '自作 モデル');
  await mkdir(folder);
  if (topology !== null) await writeFile(join(folder, '層.json'), topology);
  const path = join(folder, 'task.json');
  await writeFile(
    path,
    JSON.stringify({
      id: 'own',
      name: { en: 'Own', ja: '自作' },
      input: { kind: 'table', columns: ['a', 'b', 'c'], labelColumn: 'd' },
      classes: ['good', 'bad'],
      model: { template: 'layers-model', topologyFile: '層.json' },
    }),
  );
  return path;
}

describe('a task whose topology lies in a file beside it', () => {
  it.each([
    ['Keras', TOPOLOGY],
    ['TensorFlow.js', { format: 'layers-model', modelTopology: TOPOLOGY, weightsManifest: [] }],
    ['the converter', { modelTopology: { keras_version: '2.15.0', model_config: TOPOLOGY } }],
  ])('has it inside, without what says nothing, as %s writes it', async (_name, file) => {
    const task = await readTaskFile(await taskFile(`\uFEFF${JSON.stringify(file)}`));
    expect(task.model).toEqual({
      template: 'layers-model',
      topology: {
        class_name: 'Sequential',
        config: { layers: [{ class_name: 'Dense', config: { name: 'out', units: 2 } }] },
      },
    });
    expect(weightLayout(task).size).toBe(8);
  });

  it.each([
    ['is not there', null, '層.json: no such file'],
    ['is no JSON', '\u0089HDF', 'not JSON at line 1, column 1; give the topology, not the weights'],
    ['holds something else', '{"a":1}', 'model.topology'],
  ])('is refused where the file %s', async (_name, content, reason) => {
    await expect(readTaskFile(await taskFile(content))).rejects.toMatchObject({
      code: 'task/invalid',
      detail: expect.stringContaining(reason),
    });
  });
});
