import { z } from 'zod';
import { ERROR_CODES } from '../errors/catalogue.ts';
import { MAX_INVITATION_LENGTH } from '../identity/invitation.ts';
import { keyId, SECURITY_MODES } from '../identity/wire-types.ts';
import { CHANGES_PERIODS, plantChangesSchema } from './changes.ts';
import { diskStatusSchema, MIN_QUOTA_BYTES } from './disk.ts';
import { doctorReportSchema, doctorWishSchema } from './doctor.ts';
import { driftNoticeSchema } from './drift.ts';
import { exchangePath, exchangeResultSchema } from './exchange.ts';
import { judgedPartSchema, judgementSchema, judgeWishSchema } from './judging.ts';
import { labellerName, labelQueueSchema, labelQueueWishSchema, labelSchema, pictureId } from './labelling.ts';
import { ledgerPageSchema, ledgerQuerySchema } from './ledger.ts';
import { backendName, methodReportSchema } from './methods.ts';
import {
  deciderName,
  mistakenPicturesSchema,
  mistakeWishSchema,
  modelReportSchema,
  modelSummarySchema,
  modelWish,
  score,
  scoreKindSchema,
} from './model.ts';
import { networkStatusSchema } from './network.ts';
import { previewSchema, readingProgressSchema } from './preview.ts';
import { REFUSED_IN_STATUS, refusedPageSchema, refusedUpdateSchema } from './refused-updates.ts';
import { rejectionSchema, rejectionWishSchema } from './rejection.ts';
import { STANDSTILL_REASONS, scheduleSchema } from './schedule.ts';
import { watchStatusSchema, watchWishSchema } from './watches.ts';

/** WebSocket subprotocol of the agent's local API; the token travels as a second one, `token.<hex>`. */
export const LOCAL_API_SUBPROTOCOL = 'genba.local.v1';
export const LOCAL_API_TOKEN_PREFIX = 'token.';
/** Path of the WebSocket on the agent's loopback address. */
export const LOCAL_API_PATH = '/api';
/** File in the agent's data folder that tells where its local API listens; readable by this account only. */
export const LOCAL_API_ENDPOINT_FILE = 'agent.json';

/** Content of {@link LOCAL_API_ENDPOINT_FILE}. */
export const localApiEndpointSchema = z.strictObject({
  pid: z.int().positive(),
  /** `http://127.0.0.1:PORT` */
  address: z.url(),
  token: z.string().regex(/^[0-9a-f]{64}$/),
});
export type LocalApiEndpoint = z.output<typeof localApiEndpointSchema>;

const timestamp = z.iso.datetime();

/** What the agent is doing, one word each. */
export const AGENT_PHASES = [
  /** Reading the dataset, starting the trainer. */
  'starting',
  /** No aggregator or no dataset is set yet. */
  'unconfigured',
  /** Has never reached the aggregator: no task and no weights yet. */
  'awaiting-weights',
  'training',
  /** Between two rounds, as many rounds done as `roundLimit` allows, or held by the schedule; `standstill` tells. */
  'idle',
  'paused',
  /** Cannot go on without a person; `problem` says why. */
  'failed',
] as const;

/** What the aggregator has asked for out of the ordinary; the agent goes on by itself. */
export const AGENT_NOTICES = [
  /** It has let go of the weights this plant started from, and is sent them again. */
  'start-asked',
  /** It has lost something of an update it already had, and is sent it again. */
  'update-asked',
  /** It has nothing to build this plant's update on: the plant goes on from the shared model, with what it has learned. */
  'restarted',
  /** Its disk is nearly full: updates wait here. */
  'server-full',
] as const;
export type AgentNotice = (typeof AGENT_NOTICES)[number];

export const agentStatusSchema = z.strictObject({
  appVersion: z.string(),
  clientId: z.string(),
  plantName: z.string(),
  phase: z.enum(AGENT_PHASES),
  /** Why no round is being trained; null while one is. */
  standstill: z
    .strictObject({
      reason: z.enum(STANDSTILL_REASONS),
      /** When it goes on by itself, as far as anybody can tell. */
      until: timestamp.nullable(),
    })
    .nullable(),
  /** When training and sending may run, and how much of the PC training may take. */
  schedule: scheduleSchema,
  /** Last problem that still stands; null when all is well. */
  problem: z.strictObject({ code: z.enum(ERROR_CODES), detail: z.string().nullable() }).nullable(),
  /** What came out of the ordinary since the last answer to an update; null: nothing. */
  notice: z.strictObject({ kind: z.enum(AGENT_NOTICES), at: timestamp }).nullable(),
  network: networkStatusSchema,
  /** How the way to the aggregator is protected; null while none is set. */
  security: z.enum(SECURITY_MODES).nullable(),
  /** What was enrolled; null before that. */
  identity: z
    .strictObject({
      taskId: z.string(),
      plantName: z.string(),
      /** `wss://HOST:PORT`, best first. */
      servers: z.array(z.string()),
      /** sha256 of the one certificate that is trusted. */
      certificate: z.string(),
      enrolledAt: timestamp,
      keyId,
      keyCreatedAt: timestamp,
      /** The key that is to follow; null where none is on its way. */
      nextKeyId: keyId.nullable(),
    })
    .nullable(),
  backend: z
    .strictObject({
      name: backendName,
      /** The settings name it; otherwise it is the fastest that works. */
      isRequested: z.boolean(),
      /** Why no faster one works; null for the fastest, and where it was asked for. */
      note: z.string().nullable(),
      /** What calculates; left out: the processor. */
      device: z.strictObject({ name: z.string(), driver: z.string(), isSoftware: z.boolean() }).optional(),
      /** How many times faster it is than the fastest method without it; left out: there is none, or it was not measured. */
      timesCpu: z.number().positive().optional(),
    })
    .nullable(),
  task: z
    .strictObject({
      id: z.string(),
      name: z.strictObject({ en: z.string(), ja: z.string() }),
      /** What the model is shown: pictures, rows of CSV files, or sections of what goes on in them. */
      input: z.enum(['image', 'table', 'series']),
      classes: z.array(z.string()),
    })
    .nullable(),
  dataset: z
    .strictObject({
      path: z.string(),
      training: z.int(),
      validation: z.int(),
      /** Files or rows that could not be read. */
      skipped: z.int(),
      classes: z.array(z.strictObject({ name: z.string(), count: z.int() })),
      /** When the files were read. */
      readAt: timestamp,
      /** Examples more (or fewer) than at the reading before; null where this is the first since the start. */
      change: z.int().nullable(),
      /** Whether the files can be reached; training goes on with what was read where not. */
      isReachable: z.boolean(),
    })
    .nullable(),
  /** The reading of the data in progress; null while none is, or it is too short to tell. */
  reading: readingProgressSchema.nullable(),
  /** The model that judges new parts; null before there is one. */
  model: modelSummarySchema.nullable(),
  /** Newer data are unlike those before, and nobody has said yet that this is known. */
  drift: driftNoticeSchema.nullable(),
  /** The round in progress. */
  round: z
    .strictObject({
      number: z.int().positive(),
      epoch: z.int().positive(),
      epochs: z.int().positive(),
      /** Batches done in the whole round. */
      batch: z.int(),
      batches: z.int(),
      loss: z.number().nullable(),
      startedAt: timestamp,
      /** Estimated time left, milliseconds. */
      remainingMs: z.number().nullable(),
    })
    .nullable(),
  /** The settings end training after so many rounds in all; null = never. */
  roundLimit: z.int().nullable(),
  queue: z.strictObject({
    roundsDone: z.int(),
    /** Finished rounds whose update has no receipt yet. */
    roundsWaiting: z.int(),
    /** Updates in the outbox without a receipt (squash keeps this at two at most). */
    updatesWaiting: z.int(),
    updatesDelivered: z.int(),
    updatesRefused: z.int(),
    /** Longest line of rounds that ever waited. */
    roundsWaitingPeak: z.int(),
    lastSyncAt: timestamp.nullable(),
  }),
  /**
   * The update that waits at the aggregator for the check by its operator; null when none does. Training goes on, and
   * what it learns meanwhile is sent after that.
   */
  held: z.strictObject({ reason: z.enum(['norm', 'check-set']), since: timestamp }).nullable(),
  /** The newest updates that the aggregator will never take, newest first; `queue` counts all of them. */
  refused: z.array(refusedUpdateSchema).max(REFUSED_IN_STATUS),
  /** Whether there is room for what the agent still has to write; null while nobody knows. */
  disk: diskStatusSchema.nullable(),
  /** What the client last installed from the aggregator. */
  base: z
    .strictObject({ globalVersion: z.int(), staleness: z.int().nullable(), installedAt: timestamp })
    .nullable(),
  /** One point per finished round or installed weights, oldest first. */
  history: z.array(
    z.strictObject({
      at: timestamp,
      event: z.enum(['round', 'installed']),
      round: z.int(),
      globalVersion: z.int(),
      loss: z.number().nullable(),
      /** Of both scores; null where nothing was measured. Another setting of the task may have made it another. */
      scoreKind: scoreKindSchema.nullable(),
      /** On the plant's own held-out examples. */
      ownScore: score,
      /** On the check set, where one was given. */
      checkScore: score,
    }),
  ),
});
export type AgentStatus = z.output<typeof agentStatusSchema>;
export type AgentPhase = AgentStatus['phase'];

/** What a window may ask for. */
export const localCommandSchema = z.discriminatedUnion('command', [
  z.strictObject({ id: z.int(), command: z.literal('pause') }),
  z.strictObject({ id: z.int(), command: z.literal('resume') }),
  z.strictObject({
    id: z.int(),
    command: z.literal('enrol'),
    /** The invitation: its link, or the content of its file. */
    invitation: z.string().min(1).max(MAX_INVITATION_LENGTH),
  }),
  z.strictObject({ id: z.int(), command: z.literal('rotate-key') }),
  /** Connects at once, also outside of the plan, and stays until all that waits is answered. */
  z.strictObject({ id: z.int(), command: z.literal('sync-now') }),
  /** Writes the outstanding update into a file for the aggregator. */
  z.strictObject({
    id: z.int(),
    command: z.literal('export-updates'),
    /** A new file, or a folder. */
    target: exchangePath,
  }),
  /** Writes a file that asks the aggregator to enrol this PC. */
  z.strictObject({
    id: z.int(),
    command: z.literal('request-enrolment'),
    invitation: z.string().min(1).max(MAX_INVITATION_LENGTH),
    target: exchangePath,
  }),
  /** Takes a reply file of the aggregator in. */
  z.strictObject({ id: z.int(), command: z.literal('import-reply'), path: exchangePath }),
  z.strictObject({
    id: z.int(),
    command: z.literal('set-schedule'),
    /** What is left out stays as it is. */
    schedule: scheduleSchema.partial(),
  }),
  /** How large the data folder may get. */
  z.strictObject({ id: z.int(), command: z.literal('set-quota'), quotaBytes: z.int().min(MIN_QUOTA_BYTES) }),
  z.strictObject({
    id: z.int(),
    command: z.literal('report-use'),
    /** Since keyboard or mouse of this PC were last touched; told twice a minute by a window that can know. */
    idleSeconds: z.number().min(0),
    isOnBattery: z.boolean(),
  }),
  /** Looks at a file or folder, and trains on it from then on where it can be used. */
  z.strictObject({ id: z.int(), command: z.literal('set-dataset'), path: exchangePath }),
  /** Breaks off the look at data, or their reading; after `set-dataset` the data before are used again. */
  z.strictObject({ id: z.int(), command: z.literal('cancel-reading') }),
  /** Breaks off what is being judged under a key; it is answered with what was judged until then. */
  z.strictObject({ id: z.int(), command: z.literal('cancel-judging'), key: z.string().min(1).max(100) }),
  /** A person knows that the newer data are unlike the old. */
  z.strictObject({ id: z.int(), command: z.literal('acknowledge-drift') }),
  /** The folder in which new pictures arrive; null: none any more. */
  z.strictObject({ id: z.int(), command: z.literal('set-inbox'), path: exchangePath.nullable() }),
  /** A person says what a picture shows; a label that it has is corrected. */
  z.strictObject({
    id: z.int(),
    command: z.literal('label'),
    picture: pictureId,
    className: z.string().min(1).max(100),
    labelledBy: labellerName,
  }),
  /** A person decides which model judges new parts, until `automatic-model`. */
  z.strictObject({ id: z.int(), command: z.literal('use-model'), model: modelWish, by: deciderName }),
  /** The gate decides again. */
  z.strictObject({ id: z.int(), command: z.literal('automatic-model'), by: deciderName }),
  /** A person takes back what they have said of a picture; what it was called before a correction holds again. */
  z.strictObject({
    id: z.int(),
    command: z.literal('undo-label'),
    picture: pictureId,
    labelledBy: labellerName,
  }),
  /** How good parts are to be told from bad ones from now on. */
  z.strictObject({ id: z.int(), command: z.literal('set-rejection'), wish: rejectionWishSchema }),
  /** Writes the model in use into a new or empty folder, as TensorFlow.js loads it. */
  z.strictObject({ id: z.int(), command: z.literal('export-model'), target: exchangePath }),
  /** Judges what comes in a folder, or in a CSV file, once, from now on and after restarts, and adds it to a table. */
  z.strictObject({ id: z.int(), command: z.literal('start-watch'), watch: watchWishSchema }),
  z.strictObject({ id: z.int(), command: z.literal('stop-watch'), path: exchangePath }),
  /** How to train from now on; null: the fastest way. The running round is broken off. */
  z.strictObject({ id: z.int(), command: z.literal('set-method'), method: backendName.nullable() }),
  /** Measures again how fast this PC trains by each method, before the next round. */
  z.strictObject({ id: z.int(), command: z.literal('measure-methods') }),
  /** Lets an agent on trial train and send: the version that it belongs to works. Others hear nothing new. */
  z.strictObject({ id: z.int(), command: z.literal('begin-work') }),
  /** Ends the agent: the running round is broken off, all that was finished is kept. */
  z.strictObject({ id: z.int(), command: z.literal('stop') }),
]);
export type LocalCommand = z.output<typeof localCommandSchema>;
/** Commands that need no more than their name. */
export type PlainCommand = Extract<
  LocalCommand['command'],
  'pause' | 'resume' | 'rotate-key' | 'sync-now' | 'cancel-reading' | 'acknowledge-drift' | 'measure-methods'
>;

/** Longest detail of a reply, characters. */
export const MAX_REPLY_DETAIL = 2000;

/** What commands of the program ask a running agent for, because only it can open its database. */
export const localQuerySchema = z.discriminatedUnion('query', [
  z.strictObject({ id: z.int(), query: z.literal('ledger'), of: ledgerQuerySchema }),
  z.strictObject({ id: z.int(), query: z.literal('refused'), after: z.int().min(0) }),
  /** Examines the connection; it takes seconds, and changes nothing. */
  z.strictObject({ id: z.int(), query: z.literal('doctor'), of: doctorWishSchema }),
  /** Looks at a file or folder as training data; uses nothing of it. Another one breaks this one off. */
  z.strictObject({ id: z.int(), query: z.literal('preview-data'), path: exchangePath }),
  /** What has changed at this plant, for whoever begins a shift. */
  z.strictObject({ id: z.int(), query: z.literal('changes'), period: z.enum(CHANGES_PERIODS) }),
  /** The three models of the plant, the one in use, and how that came about. */
  z.strictObject({ id: z.int(), query: z.literal('model') }),
  /** Held-out pictures that a model takes for something else. */
  z.strictObject({ id: z.int(), query: z.literal('mistaken-pictures'), of: mistakeWishSchema }),
  /** New pictures to label, the most uncertain ones first. */
  z.strictObject({ id: z.int(), query: z.literal('label-queue'), of: labelQueueWishSchema }),
  /** Every label ever given, oldest first, behind the one named. */
  z.strictObject({ id: z.int(), query: z.literal('labels'), after: z.int().min(0) }),
  /** Has the model judge pictures, rows or series. What cannot be judged is told item by item, and stops nothing. */
  z.strictObject({ id: z.int(), query: z.literal('judge'), of: judgeWishSchema }),
  /** Folders and files whose new content is judged, and how that stands. */
  z.strictObject({ id: z.int(), query: z.literal('watches') }),
  /** The ways to train on this PC, and how fast they are. */
  z.strictObject({ id: z.int(), query: z.literal('methods') }),
  /** What a wish would do to the parts that were held out; null: the one that is set. */
  z.strictObject({ id: z.int(), query: z.literal('rejection'), wish: rejectionWishSchema.nullable() }),
]);
export type LocalQuery = z.output<typeof localQuerySchema>;

/** All that may be said to the agent. */
export const localRequestSchema = z.union([localCommandSchema, localQuerySchema]);

/** What the agent says: a status after every change (at most ten a second), and one reply per command or query. */
export const localMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('status'), status: agentStatusSchema }),
  z.strictObject({
    type: z.literal('reply'),
    id: z.int(),
    error: z.enum(ERROR_CODES).nullable(),
    /** With an error: what exactly, such as a path. */
    detail: z.string().max(MAX_REPLY_DETAIL).optional(),
    /** Of a command about files. */
    result: exchangeResultSchema.optional(),
  }),
  z.strictObject({ type: z.literal('doctor'), id: z.int(), report: doctorReportSchema }),
  z.strictObject({ type: z.literal('ledger'), id: z.int(), page: ledgerPageSchema }),
  z.strictObject({ type: z.literal('changes'), id: z.int(), changes: plantChangesSchema }),
  z.strictObject({ type: z.literal('model'), id: z.int(), report: modelReportSchema }),
  z.strictObject({
    type: z.literal('mistaken-pictures'),
    id: z.int(),
    pictures: mistakenPicturesSchema,
  }),
  z.strictObject({ type: z.literal('preview'), id: z.int(), preview: previewSchema }),
  z.strictObject({ type: z.literal('refused'), id: z.int(), page: refusedPageSchema }),
  z.strictObject({ type: z.literal('label-queue'), id: z.int(), queue: labelQueueSchema }),
  z.strictObject({ type: z.literal('labels'), id: z.int(), labels: z.array(labelSchema) }),
  /** Before a judgement, where `parts` were asked for. */
  z.strictObject({ type: z.literal('judged'), id: z.int(), part: judgedPartSchema }),
  z.strictObject({ type: z.literal('judgement'), id: z.int(), judgement: judgementSchema }),
  z.strictObject({ type: z.literal('watches'), id: z.int(), watches: z.array(watchStatusSchema) }),
  z.strictObject({ type: z.literal('rejection'), id: z.int(), rejection: rejectionSchema }),
  z.strictObject({ type: z.literal('methods'), id: z.int(), report: methodReportSchema }),
]);
export type LocalMessage = z.output<typeof localMessageSchema>;
