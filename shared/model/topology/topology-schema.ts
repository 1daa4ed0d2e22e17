import { z } from 'zod';

/** Most layers of a model that is given as a topology. */
const MAX_LAYERS = 200;

/**
 * The topology of a LayersModel as Keras and TensorFlow.js write it. The layers' own settings are read one by one in
 * `read-layer.ts`, which knows those that mean nothing here.
 */
export const topologySchema = z.strictObject({
  class_name: z.enum(['Sequential', 'Functional', 'Model']),
  config: z.looseObject({
    layers: z
      .array(
        z.looseObject({
          class_name: z.string().max(100),
          config: z.record(z.string(), z.json()),
          inbound_nodes: z.array(z.json()).max(100).optional(),
        }),
      )
      .min(1)
      .max(MAX_LAYERS),
    output_layers: z.json().optional(),
  }),
});

export type Topology = z.output<typeof topologySchema>;
export type TopologyLayer = Topology['config']['layers'][number];
