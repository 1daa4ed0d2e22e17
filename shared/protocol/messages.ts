import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';
import { UPDATE_ENCODINGS } from '../federation/encoding/update-encoding.ts';
import { base64url32, enrolmentCode, keyId, SECURITY_MODES, signature } from '../identity/wire-types.ts';
import { taskSchema } from '../model/task.ts';
import { capabilitiesSchema } from './capabilities.ts';
import { DATA_CHUNK_BYTES, MIN_DATA_CHUNK_BYTES } from './limits.ts';

/** Upper bound of counters on the wire: exact in a float64 and far beyond any factory. */
const MAX_COUNT = 1_000_000_000;

const uuid = z.uuid();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'sha256 in lower-case hexadecimal');
const count = z.int().min(0).max(MAX_COUNT);
const transferNumber = z.int().min(1).max(0xffff_ffff);
const sizeBytes = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Figures of the local training behind an update; means over its rounds, weighted by examples. */
const metricsSchema = z.strictObject({
  /** Mean training loss; null where it was not finite. */
  loss: z.number().nullable(),
  /** Share of the plant's own validation examples judged right, 0 to 1; null without validation data. */
  validationAccuracy: z.number().min(0).max(1).nullable(),
});

// --- client to server -----------------------------------------------------------------------------------

const hello = z.strictObject({
  type: z.literal('hello'),
  /** Range of protocol versions the client speaks, both ends included. */
  protocol: z.strictObject({ min: z.int().min(1).max(1000), max: z.int().min(1).max(1000) }),
  app: z.string().max(100),
  clientId: uuid,
  plantName: z.string().min(1).max(100),
  /** null asks for the server's only task. */
  taskId: z.string().max(64).nullable(),
  /** The key this client has enrolled with; null before that, or where it has none. */
  keyId: keyId.nullable(),
  /** What this client can do beyond the protocol's first form; names the server does not know mean nothing to it. */
  capabilities: capabilitiesSchema,
});

/** Echoed by every signed answer, so that a wrong one can be told by its proper name. */
const answered = {
  /** Of the challenge that is answered. */
  nonce: base64url32,
  /** The channel binding as this end sees it; the other end compares it with its own. */
  channel: base64url32,
};

const proof = z.strictObject({
  type: z.literal('proof'),
  ...answered,
  /** The raw public half of the key that `hello` named. */
  publicKey: base64url32,
  /** Over `proofStatement`. */
  signature,
});

const enrol = z.strictObject({
  type: z.literal('enrol'),
  ...answered,
  code: enrolmentCode,
  /** The raw public half of the key that is introduced. */
  publicKey: base64url32,
  /** Over `enrolStatement`, with the key that is introduced. */
  signature,
});

const keyRotate = z.strictObject({
  type: z.literal('key/rotate'),
  /** The raw public half of the new key. */
  publicKey: base64url32,
  /** Over `rotateStatement`, with the new key. */
  signature,
});

const updateOffer = z
  .strictObject({
    type: z.literal('update/offer'),
    updateId: uuid,
    taskId: z.string().max(64),
    /** The start weights the update builds on, as named by `weights/offer`. */
    baseId: uuid,
    baseVersion: count,
    /** Local rounds squashed into this update. */
    rounds: z.int().min(1).max(MAX_COUNT),
    /** Training examples seen per round. */
    examples: count,
    metrics: metricsSchema,
    /** float32 carries the weights, the others their delta to the start weights. */
    encoding: z.enum(UPDATE_ENCODINGS),
    /** Of the bytes as they are sent. */
    sizeBytes,
    /** Of the bytes as they are sent. */
    sha256,
    /** Of the float32 weights that the delta leads to; absent where these weights are what is sent. */
    weightsSha256: sha256.optional(),
  })
  .refine(({ encoding, weightsSha256 }) => (encoding === 'float32') === (weightsSha256 === undefined), {
    path: ['weightsSha256'],
    error: 'with a delta, and only with one',
  });

const weightsRequest = z.strictObject({
  type: z.literal('weights/request'),
  /** Why the client has no base: it never had one, or the server refused the one it had. */
  reason: z.enum(['first', 'base-refused']),
});

const weightsResume = z.strictObject({
  type: z.literal('weights/resume'),
  baseId: uuid,
  offset: sizeBytes,
  /** Payload of the data frames that is wanted, bytes; left out for as much as is allowed. */
  frameBytes: z.int().min(MIN_DATA_CHUNK_BYTES).max(DATA_CHUNK_BYTES).optional(),
});

const weightsInstalled = z.strictObject({ type: z.literal('weights/installed'), baseId: uuid });

/** Asks for the global weights that were offered on this session. */
const globalResume = z.strictObject({
  type: z.literal('global/resume'),
  /** Of the offer. */
  sha256,
  offset: sizeBytes,
  /** As in `weights/resume`. */
  frameBytes: z.int().min(MIN_DATA_CHUNK_BYTES).max(DATA_CHUNK_BYTES).optional(),
});

/** Answer to `base/resume` of a client that does not have these start weights any more, or has others. */
const baseMissing = z.strictObject({ type: z.literal('base/missing'), baseId: uuid });

/** Everything a client may say. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  hello,
  proof,
  enrol,
  keyRotate,
  updateOffer,
  weightsRequest,
  weightsResume,
  weightsInstalled,
  globalResume,
  baseMissing,
]);

// --- server to client -----------------------------------------------------------------------------------

/** Asks the client to show who it is; the next frame must be `proof` or `enrol`. */
const challenge = z.strictObject({
  type: z.literal('challenge'),
  /** Random, for this connection only. */
  nonce: base64url32,
  /** ISO 8601: a client whose clock is far off can say so. */
  serverTime: z.iso.datetime(),
});

const welcome = z.strictObject({
  type: z.literal('welcome'),
  protocol: z.int().min(1),
  task: taskSchema,
  globalVersion: count,
  /** Payload limit of one data frame, bytes. */
  dataChunkBytes: z.int().min(1),
  /** The base the server holds for this client; null before its first. */
  baseId: uuid.nullable(),
  /** How this client was let in. An agent that has enrolled goes on with `enrolled` only. */
  security: z.enum(SECURITY_MODES),
});

/** The new key is on the server's disk: it opens the next connection, and the old one ends with its first use. */
const keyRotated = z.strictObject({ type: z.literal('key/rotated'), keyId });

const updateResume = z.strictObject({
  type: z.literal('update/resume'),
  updateId: uuid,
  /** Number the data frames must carry. */
  transfer: transferNumber,
  /** Bytes the server already has. */
  offset: sizeBytes,
});

/** Asks for the start weights of an offered update first: the server has let go of them, or lost them. */
const baseResume = z.strictObject({
  type: z.literal('base/resume'),
  baseId: uuid,
  /** Number the data frames must carry. */
  transfer: transferNumber,
  /** Bytes the server already has. */
  offset: sizeBytes,
  sizeBytes,
  sha256,
});

const updateReceipt = z.strictObject({
  type: z.literal('update/receipt'),
  updateId: uuid,
  /** ISO 8601, when the update was journaled. */
  receivedAt: z.iso.datetime(),
});

/** Why an update is in quarantine: it moved the model too far, or spoilt it on the check set. */
const holdReason = z.enum(['norm', 'check-set']);

/** The update has its receipt, but an operator has to look at it before it is used or refused; said again on reconnection. */
const updateHeld = z.strictObject({ type: z.literal('update/held'), updateId: uuid, reason: holdReason });

const calibrationFigure = z.strictObject({
  group: z.string(),
  /** c_l: how much of the global shift lay along the client's own update. */
  coefficient: z.number(),
});

/** What a client does with the weights it is offered. */
export const WEIGHTS_USES = [
  /** They are its new start weights. */
  'install',
  /** The same; and it keeps them as the reference to calibrate by itself with. */
  'install-as-reference',
  /** Two vectors, one after the other: its new start weights, and that reference. */
  'install-and-reference',
  /** They are G_v; it calibrates the update they answer, with β = `mixingWeight`. */
  'calibrate',
] as const;
export type WeightsUse = (typeof WEIGHTS_USES)[number];

const weightsOffer = z.strictObject({
  type: z.literal('weights/offer'),
  baseId: uuid,
  globalVersion: count,
  use: z.enum(WEIGHTS_USES),
  /** The update these weights answer; null for first weights and after a refused base. */
  updateId: uuid.nullable(),
  encoding: z.literal('float32'),
  sizeBytes,
  sha256,
  /** Merges by other clients since the update's base; null where there was no update. */
  staleness: count.nullable(),
  /** β, the update's share in the moving average; null where there was no update. */
  mixingWeight: z.number().min(0).max(1).nullable(),
  calibration: z.array(calibrationFigure).max(1000),
});

/** Announces the data frames of a download; they follow at once. */
const weightsData = z.strictObject({
  type: z.literal('weights/data'),
  baseId: uuid,
  transfer: transferNumber,
  offset: sizeBytes,
});

/** Tells a client that wants to know (`WANTS_GLOBAL`) of the global weights as they are now. They are no base. */
const globalOffer = z.strictObject({
  type: z.literal('global/offer'),
  globalVersion: count,
  /** Of float32. */
  sizeBytes,
  sha256,
});

/** Announces the data frames of the global weights; they follow at once. */
const globalData = z.strictObject({
  type: z.literal('global/data'),
  sha256,
  transfer: transferNumber,
  offset: sizeBytes,
});

const errorMessage = z.strictObject({
  type: z.literal('error'),
  code: z.enum(ERROR_CODES),
  /** The update, base or message type the error is about. */
  about: z.string().max(100).nullable(),
  retry: z.boolean(),
  /** One technical sentence for the log. */
  detail: z.string().max(2000).nullable(),
});

/** A welcome whose task may be one that only a newer version knows; for `parseServerMessage`. */
export const welcomeWithAnyTaskSchema = welcome.extend({ task: z.unknown() });

/** Everything a server may say. */
export const serverMessageSchema = z.discriminatedUnion('type', [
  challenge,
  welcome,
  keyRotated,
  updateResume,
  baseResume,
  updateReceipt,
  updateHeld,
  weightsOffer,
  weightsData,
  globalOffer,
  globalData,
  errorMessage,
]);

/** Parts of the conversation that also travel in exchange files; see `shared/exchange`. */
export {
  updateHeld as updateHeldSchema,
  updateOffer as updateOfferSchema,
  updateReceipt as updateReceiptSchema,
  weightsOffer as weightsOfferSchema,
};

export type ClientMessage = z.output<typeof clientMessageSchema>;
export type ServerMessage = z.output<typeof serverMessageSchema>;
export type UpdateOffer = z.output<typeof updateOffer>;
export type WeightsResume = z.output<typeof weightsResume>;
export type GlobalResume = z.output<typeof globalResume>;
export type GlobalOffer = z.output<typeof globalOffer>;
export type GlobalData = z.output<typeof globalData>;
export type WeightsOffer = z.output<typeof weightsOffer>;
export type UpdateMetrics = z.output<typeof metricsSchema>;
export type HoldReason = z.output<typeof holdReason>;
export type CalibrationFigure = z.output<typeof calibrationFigure>;
