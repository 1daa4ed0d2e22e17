import { z } from 'zod';
import { UPDATE_ENCODINGS } from '../federation/encoding/update-encoding.ts';
import { screeningSchema } from '../federation/screening/settings.ts';
import { strategySettingsSchema } from '../federation/strategies/settings.ts';
import { topologySchema } from './topology/topology-schema.ts';

/** Widest dense layer. The size of the whole model is bounded by {@link MAX_MODEL_PARAMETERS}. */
const MAX_LAYER_UNITS = 8192;

const identifier = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and hyphens, at most 64');

const bilingualText = z.strictObject({ en: z.string().min(1).max(200), ja: z.string().min(1).max(200) });

const modelSchema = z.discriminatedUnion('template', [
  z.strictObject({
    template: z.literal('mlp'),
    /** Units of each hidden layer, in order. */
    hiddenUnits: z.array(z.int().min(1).max(MAX_LAYER_UNITS)).max(8),
    /** Batch normalisation after each hidden layer. */
    batchNormalisation: z.boolean().default(false),
  }),
  z.strictObject({
    template: z.literal('small-cnn'),
    /** Filters of each 3×3 convolution (same padding), each followed by 2×2 max pooling. */
    filters: z.array(z.int().min(1).max(512)).min(1).max(5),
    denseUnits: z.int().min(1).max(MAX_LAYER_UNITS),
    batchNormalisation: z.boolean().default(false),
  }),
  z.strictObject({ template: z.literal('lenet-5') }),
  z.strictObject({
    template: z.literal('vgg-11'),
    /** Filters of each convolution as a share of the original's: 64 to 512. */
    widthShare: z.number().min(0.01).max(1).default(1),
    /** Units of each fully connected layer after the convolutions. */
    hiddenUnits: z.array(z.int().min(1).max(MAX_LAYER_UNITS)).max(8).default([]),
    /** Batch normalisation after each convolution. */
    batchNormalisation: z.boolean().default(false),
  }),
  z.strictObject({
    template: z.literal('mobilenet'),
    /** Filters of each stage; every stage after the first halves the image. */
    filters: z.array(z.int().min(1).max(512)).min(1).max(6),
    /** Inverted residual blocks in each stage. */
    blocks: z.int().min(1).max(6).default(2),
    /** How many times wider a block is inside. */
    expansion: z.int().min(1).max(8).default(4),
    /** Steps of the first convolution: 2 halves the image at once. */
    stemStrides: z.union([z.literal(1), z.literal(2)]).default(2),
  }),
  z.strictObject({
    template: z.literal('resnet-1d'),
    /** Filters of each stage; every stage after the first halves the rows. */
    filters: z.array(z.int().min(1).max(512)).min(1).max(6),
    /** Residual blocks in each stage. */
    blocks: z.int().min(1).max(6).default(2),
    /** Rows that a convolution sees at once. */
    kernelSize: z.int().min(2).max(31).default(5),
  }),
  z.strictObject({
    template: z.literal('layers-model'),
    /** The engineer's own model, as Keras or TensorFlow.js describes it; its weights begin anew. */
    topology: topologySchema,
  }),
  z.strictObject({
    template: z.literal('conv-autoencoder'),
    /** Filters of each stage of the encoder, which halves the picture each time; the decoder mirrors them. */
    filters: z.array(z.int().min(1).max(512)).min(1).max(6),
  }),
  z.strictObject({
    template: z.literal('autoencoder'),
    /** Units of the encoder's layers, the last one the bottleneck; the decoder mirrors them. */
    hiddenUnits: z.array(z.int().min(1).max(MAX_LAYER_UNITS)).min(1).max(6),
  }),
]);

const columnName = z.string().min(1).max(200);

const inputSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('image'),
    /** Pixels. */
    width: z.int().min(4).max(512),
    /** Pixels. */
    height: z.int().min(4).max(512),
    /** 1 = grey, 3 = RGB. */
    channels: z.union([z.literal(1), z.literal(3)]),
  }),
  z.strictObject({
    kind: z.literal('table'),
    /** Numeric columns, in the order of the model's inputs. */
    columns: z.array(columnName).min(1).max(2048),
    /** The column that names the class; with a regression, the number to be learnt. */
    labelColumn: columnName,
  }),
  z.strictObject({
    kind: z.literal('series'),
    /** Numeric columns, one sample per row, in the order of the model's channels. */
    columns: z.array(columnName).min(1).max(256),
    /** Rows in one example. */
    windowRows: z.int().min(4).max(4096),
    /** Rows from the beginning of one example to that of the next. */
    strideRows: z.int().min(1).max(4096),
    /**
     * The column that names the class of each row. A window has, of the classes in it, the last in the task's list: so
     * one bad row makes a bad window where the good class comes first. Left out: every row is of the first class.
     */
    labelColumn: columnName.optional(),
    /** The column that tells series apart (a sensor, a lot): no window spans two. Left out: each file is one series. */
    groupColumn: columnName.optional(),
  }),
]);

const objectiveSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('classification'),
    /** How much each example counts in the loss: all alike, each class as much as any other, or as listed. */
    classWeights: z
      .union([z.enum(['equal', 'balanced']), z.array(z.number().min(0).max(1000)).min(2).max(1000)])
      .default('equal'),
  }),
  z.strictObject({
    kind: z.literal('regression'),
    /**
     * Values that the target usually takes, lowest and highest. The model learns it scaled by them, so it means the same
     * at every plant; values beyond are allowed.
     */
    range: z.tuple([z.number(), z.number()]),
    /** Such as `mm`; shown with the value. */
    unit: z.string().max(20).default(''),
  }),
  z.strictObject({
    kind: z.literal('anomaly'),
    /** Share of good validation examples that may be taken for bad; sets the threshold of the plant's judgement. */
    falseAlarmShare: z.number().min(0.0001).max(0.5).default(0.01),
  }),
]);

const splitSchema = z.discriminatedUnion('by', [
  /** Each example by itself. */
  z.strictObject({ by: z.literal('example') }),
  /** All rows with one value of a column (a part, a lot) go to one side. */
  z.strictObject({ by: z.literal('column'), column: columnName }),
  /** The newest rows are held out, by a column of times or numbers. */
  z.strictObject({ by: z.literal('time'), column: columnName }),
  /** Pictures: those in one folder below that of their class go to one side. */
  z.strictObject({ by: z.literal('folder') }),
  /** Pictures: those whose names begin alike, up to the separator, go to one side. */
  z.strictObject({ by: z.literal('name'), separator: z.string().min(1).max(10) }),
]);

const augmentationSchema = z.strictObject({
  /** Mirrors left and right, or top and bottom, half of the pictures. */
  flip: z.enum(['none', 'horizontal', 'vertical', 'both']).default('none'),
  /** Moves by up to this share of width and height. */
  shift: z.number().min(0).max(0.5).default(0),
  /** Turns by up to so many degrees either way. */
  rotation: z.number().min(0).max(180).default(0),
  /** Makes brighter or darker by up to this share. */
  brightness: z.number().min(0).max(1).default(0),
});

const trainingSchema = z.strictObject({
  /** Local epochs per round (E). */
  epochs: z.int().min(1).max(100).default(1),
  /** Most examples per step; the steps of a pass differ by one example at most. */
  batchSize: z.int().min(1).max(4096).default(32),
  learningRate: z.number().positive().max(10).default(0.05),
  /** Momentum of stochastic gradient descent; 0 = plain. */
  momentum: z.number().min(0).max(0.999).default(0),
  /** Share of the plant's examples held out to judge the model, never trained on. */
  validationShare: z.number().min(0).max(0.5).default(0.1),
  /** Pictures are changed at random each time they are trained on; left out: never. */
  augmentation: augmentationSchema.optional(),
});

/** A task's fields, each by itself. Unknown keys are refused. */
export const taskFields = z.strictObject({
  id: identifier,
  name: bilingualText,
  input: inputSchema,
  /**
   * Class names, in the order of the model's outputs. For anomalies two: the good one, which alone is learnt, and the
   * other. A regression has none.
   */
  classes: z
    .array(z.string().min(1).max(100))
    .max(1000)
    .refine(({ length }) => length !== 1, 'at least two')
    .default([]),
  /** What is learnt. Left out: a class; see {@link objectiveOf}. */
  objective: objectiveSchema.optional(),
  /** How examples are kept apart that must not be on both sides. Left out: each by itself; see {@link splitOf}. */
  split: splitSchema.optional(),
  model: modelSchema,
  training: trainingSchema.prefault({}),
  federation: strategySettingsSchema.prefault({}),
  /** Left out: on, with its defaults. Optional without a default, so that older files and programs know their own task. */
  screening: screeningSchema.optional(),
  /** How plants send their updates; see {@link updateEncodingOf}. Optional for the same reason. */
  updateEncoding: z.enum(UPDATE_ENCODINGS).optional(),
  /** Seed of the first weights; the same task file gives the same start everywhere. */
  seed: z.int().min(0).max(0xffff_ffff).default(1),
});

export type Task = z.output<typeof taskFields>;
export type TaskInput = Task['input'];
export type Objective = z.output<typeof objectiveSchema>;
export type ExampleSplit = z.output<typeof splitSchema>;
export type Augmentation = z.output<typeof augmentationSchema>;
