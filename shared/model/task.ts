import { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { UPDATE_ENCODINGS, type UpdateEncoding } from '../federation/encoding/update-encoding.ts';
import { type ScreeningSettings, screeningSchema } from '../federation/screening/settings.ts';
import { strategySettingsSchema } from '../federation/strategies/settings.ts';

/** Widest dense layer. The size of the whole model is bounded by {@link MAX_MODEL_PARAMETERS}. */
const MAX_LAYER_UNITS = 8192;

/** Largest model an aggregator serves, in parameters (400 MB of float32): bounds memory before weights exist. */
export const MAX_MODEL_PARAMETERS = 100_000_000;

/** Longest task description, characters of JSON: it travels in one control frame, with room for the rest. */
const MAX_TASK_CHARACTERS = 48 * 1024;

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
]);

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
    columns: z.array(z.string().min(1).max(200)).min(1).max(2048),
    /** The column that names the class. */
    labelColumn: z.string().min(1).max(200),
  }),
]);

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
});

/** A task: one model that several plants train together. Unknown keys are refused. */
export const taskSchema = z
  .strictObject({
    id: identifier,
    name: bilingualText,
    input: inputSchema,
    /** Class names, in the order of the model's outputs. */
    classes: z.array(z.string().min(1).max(100)).min(2).max(1000),
    model: modelSchema,
    training: trainingSchema.prefault({}),
    federation: strategySettingsSchema.prefault({}),
    /** Left out: on, with its defaults. Optional without a default, so that older files and programs know their own task. */
    screening: screeningSchema.optional(),
    /** How plants send their updates; see {@link updateEncodingOf}. Optional for the same reason. */
    updateEncoding: z.enum(UPDATE_ENCODINGS).optional(),
    /** Seed of the first weights; the same task file gives the same start everywhere. */
    seed: z.int().min(0).max(0xffff_ffff).default(1),
  })
  .check((context) => {
    const { classes, input, model, training, federation, updateEncoding } = context.value;
    const refuse = (path: string[], message: string) => {
      context.issues.push({ code: 'custom', path, message, input: context.value });
    };
    if (new Set(classes).size !== classes.length) refuse(['classes'], 'each class only once');
    if (input.kind === 'table') {
      const { columns, labelColumn } = input;
      if (new Set(columns).size !== columns.length) refuse(['input', 'columns'], 'each column only once');
      // A model that is shown the answer learns nothing else.
      if (columns.includes(labelColumn)) refuse(['input', 'columns'], 'not the label column');
    }
    if (model.template === 'small-cnn') {
      if (input.kind !== 'image') refuse(['model', 'template'], 'small-cnn needs input.kind "image"');
      else if (Math.min(input.width, input.height) < 2 ** model.filters.length) {
        refuse(['model', 'filters'], 'too many convolutions for this image size: each halves it');
      }
    }
    if ('proximalCoefficient' in federation) {
      const { proximalCoefficient } = federation;
      // Each step closes this share of the way back to the start weights; beyond 1 it would leap past them.
      if (training.learningRate * proximalCoefficient > 1) {
        refuse(['federation', 'proximalCoefficient'], 'times training.learningRate at most 1');
      }
    }
    const calibratesItself = federation.strategy === 'orthofl' && federation.calibratedBy === 'client';
    if (calibratesItself && updateEncoding !== undefined && updateEncoding !== 'float32') {
      // A delta is read against the start weights, and here only the plant has them.
      refuse(['updateEncoding'], 'float32 where federation.calibratedBy is "client"');
    }
    const characters = JSON.stringify(context.value).length;
    if (characters > MAX_TASK_CHARACTERS) {
      refuse(
        [],
        `${characters} characters, at most ${MAX_TASK_CHARACTERS}: shorten names or leave columns out`,
      );
    }
  });

export type Task = z.output<typeof taskSchema>;
export type TaskInput = Task['input'];

/** How a task's updates are screened; null where they are not. */
export function screeningOf({ screening }: Task): ScreeningSettings | null {
  const settings = screening ?? screeningSchema.parse({});
  return settings.enabled ? settings : null;
}

/** How the plants of a task send their updates: in full unless it says otherwise. */
export function updateEncodingOf({ updateEncoding = 'float32' }: Task): UpdateEncoding {
  return updateEncoding;
}

/**
 * Checks a task description.
 * @throws AppError `task/invalid`, its detail naming each wrong field
 */
export function parseTask(candidate: unknown): Task {
  const parsed = taskSchema.safeParse(candidate);
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues
    .map((issue) => `${issue.path.join('.') || 'task'}: ${issue.message}`)
    .join('; ');
  throw new AppError('task/invalid', { detail });
}
