import { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { ERROR_CODES } from '../errors/catalogue.ts';
import { base64url32, keyId, signature } from '../identity/wire-types.ts';
import { newerThanKnown } from '../model/newer-task.ts';
import { taskSchema } from '../model/task.ts';
import { capabilitiesSchema } from '../protocol/capabilities.ts';
import {
  updateHeldSchema,
  updateOfferSchema,
  updateReceiptSchema,
  weightsOfferSchema,
} from '../protocol/messages.ts';

/** Version of exchange files that this code writes and reads. */
export const EXCHANGE_FORMAT = 1;

/** Digits of the sha256 of an invitation's code by which a file names the invitation. */
export const INVITATION_NAME_LENGTH = 12;

/** Most certificates in a chain, and the longest of them as base64, characters. */
const MAX_CHAIN_LENGTH = 10;
const MAX_CERTIFICATE_LENGTH = 16 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'sha256 in lower-case hexadecimal');
const taskId = z.string().min(1).max(64);

/** What both kinds of file say. */
const common = {
  format: z.literal(EXCHANGE_FORMAT),
  /** ISO 8601, by the clock of who wrote it. */
  createdAt: z.iso.datetime(),
  /** Name and version of the program that wrote it. */
  app: z.string().max(100),
  clientId: z.uuid(),
  plantName: z.string().min(1).max(100),
  taskId,
  /** The aggregator's certificate, as invitations name it: which aggregator this is for, or from. */
  certificate: sha256,
};

const deviceHeader = z
  .strictObject({
    ...common,
    from: z.literal('device'),
    /** The raw public half of the key that signs. */
    publicKey: base64url32,
    capabilities: capabilitiesSchema,
    /** The base the device works from: what it was sent is installed. null before its first weights. */
    baseId: z.uuid().nullable(),
    /** Set in a request to be enrolled: the invitation, by digest, and the proof of its code over `invitedStatement`. */
    enrol: z
      .strictObject({
        invitation: z
          .string()
          .regex(/^[0-9a-f]+$/)
          .length(INVITATION_NAME_LENGTH),
        /** HMAC-SHA256 with the sha256 of the code as its key, in hexadecimal. */
        proof: sha256,
      })
      .nullable(),
    /** Fresh weights, should this device need some. Each id is answered once, however often a file is imported. */
    weights: z.strictObject({
      requestId: z.uuid(),
      /** It cannot go on without. Otherwise they are sent only if the update's base is lost. */
      isWanted: z.boolean(),
    }),
    /** The outstanding update, as it is offered over a connection; its bytes are the first payload. */
    update: updateOfferSchema.nullable(),
    /** The weights the update starts from, for an aggregator that let go of them; the next payload. */
    start: z.strictObject({ baseId: z.uuid(), sizeBytes: z.int().min(0), sha256 }).nullable(),
  })
  .refine(({ update, start }) => update !== null || start === null, {
    path: ['start'],
    error: 'without an update',
  });

const aggregatorHeader = z.strictObject({
  ...common,
  from: z.literal('aggregator'),
  /** The device's key this answers. */
  keyId,
  task: taskSchema,
  globalVersion: z.int().min(0),
  /** About the device's newest update, as far as there is something to say. */
  receipt: updateReceiptSchema.nullable(),
  held: updateHeldSchema.nullable(),
  refusal: z
    .strictObject({ updateId: z.uuid(), code: z.enum(ERROR_CODES), detail: z.string().max(2000).nullable() })
    .nullable(),
  /** Weights to install, as they are offered over a connection; their bytes are the payload. */
  weights: weightsOfferSchema.nullable(),
});

export type DeviceHeader = z.output<typeof deviceHeader>;
export type AggregatorHeader = z.output<typeof aggregatorHeader>;
export type ExchangeHeader = DeviceHeader | AggregatorHeader;

const headerSchema = z.discriminatedUnion('from', [deviceHeader, aggregatorHeader]);
const replyWithAnyTask = aggregatorHeader.extend({ task: z.unknown() });
const anyFormat = z.looseObject({ format: z.int().min(1) });

/** What vouches for a device's file: an Ed25519 signature over `fileStatement`. */
export const deviceSealSchema = z.strictObject({ signature });

/** What vouches for an aggregator's file: its chain, its own certificate first, and a signature by that one's key. */
export const aggregatorSealSchema = z.strictObject({
  /** DER as base64. */
  chain: z.array(z.base64().max(MAX_CERTIFICATE_LENGTH)).min(1).max(MAX_CHAIN_LENGTH),
  /** base64url; its algorithm follows from the certificate's key. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{1,2048}$/),
});

/** One stretch of bytes behind header and seal. */
export interface Payload {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The payloads that a header announces, in their order in the file. */
export function payloadsOf(header: ExchangeHeader): Payload[] {
  const named = header.from === 'device' ? [header.update, header.start] : [header.weights];
  return named.filter((payload) => payload !== null);
}

/**
 * Reads a header from JSON.
 * @throws AppError `exchange/newer-format`, `exchange/damaged`; `task/app-too-old` where all that is wrong is that the task has
 *   what only a newer version knows
 */
export function parseHeader(text: string): ExchangeHeader {
  const content = parseJson(text);
  const { format } = proven(anyFormat, content);
  if (format > EXCHANGE_FORMAT) throw new AppError('exchange/newer-format', { detail: `format ${format}` });
  const parsed = headerSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const unknown = unknownInTask(content);
  if (unknown !== null) throw new AppError('task/app-too-old', { detail: unknown });
  throw damaged(parsed.error);
}

/** What the task of a reply has that is not known here; null where this is no proper reply. */
function unknownInTask(content: unknown): string | null {
  const reply = replyWithAnyTask.safeParse(content);
  return reply.success ? newerThanKnown(reply.data.task) : null;
}

/** Reads a seal from JSON. @throws AppError `exchange/damaged` */
export function parseSeal<Seal>(schema: z.ZodType<Seal>, text: string): Seal {
  return proven(schema, parseJson(text));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('exchange/damaged', { detail: 'no JSON', cause });
  }
}

function proven<Content>(schema: z.ZodType<Content>, content: unknown): Content {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw damaged(parsed.error);
}

function damaged({ issues }: z.ZodError): AppError {
  const detail = [...new Set(issues.map(({ path }) => path.join('.') || 'content'))].join(', ');
  return new AppError('exchange/damaged', { detail: detail.slice(0, 300) });
}
