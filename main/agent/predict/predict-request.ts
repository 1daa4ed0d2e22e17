import type { IncomingMessage } from 'node:http';
import { AppError } from '@genba/shared/errors/app-error';
import { sentRowSchema } from '@genba/shared/local-api/judging';
import { MAX_SENT_PICTURE_BYTES } from '@genba/shared/local-api/limits';
import { z } from 'zod';
import type { Subject } from '../judging/judge-subject.ts';

/** Most pictures, and rows, in one request. */
export const MAX_PICTURES = 64;
export const MAX_ROWS = 10_000;

/** Longest body, bytes: one photograph of a camera, in base64. */
export const MAX_BODY_BYTES = Math.ceil(MAX_SENT_PICTURE_BYTES / 3) * 4 + 1024;

const picture = z.base64().min(1);

const bodySchema = z.union([
  z.strictObject({ image: picture }),
  z.strictObject({ images: z.array(picture).min(1).max(MAX_PICTURES) }),
  z.strictObject({ rows: z.array(sentRowSchema).min(1).max(MAX_ROWS) }),
]);

/**
 * Reads what a request asks to be judged.
 * @throws AppError `predict/too-large`, `predict/bad-request` (its detail names the fields, never values)
 */
export async function readSubject(request: IncomingMessage): Promise<Subject> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  const isPicture = type.startsWith('image/') || type === 'application/octet-stream';
  if (!isPicture && type !== 'application/json') {
    throw new AppError('predict/bad-request', {
      detail: 'Content-Type must be application/json or an image type',
    });
  }
  const body = await readBody(request);
  if (isPicture) return { kind: 'bytes', pictures: [body] };
  const given = parseBody(body);
  if ('rows' in given) return { kind: 'rows', rows: given.rows };
  const encoded = 'image' in given ? [given.image] : given.images;
  return { kind: 'bytes', pictures: encoded.map((base64) => Buffer.from(base64, 'base64')) };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => new AppError('predict/too-large', { detail: `at most ${MAX_BODY_BYTES} bytes` });
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseBody(body: Buffer): z.output<typeof bodySchema> {
  let json: unknown;
  try {
    // PowerShell begins a file with a byte order mark.
    json = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new AppError('predict/bad-request', { detail: 'not JSON', cause });
  }
  const parsed = bodySchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const expected = 'an object with "image", "images" or "rows"';
  const where =
    typeof json === 'object' && json !== null && ('image' in json || 'images' in json || 'rows' in json);
  throw new AppError('predict/bad-request', { detail: where ? detailOf(json as object) : expected });
}

/** What is wrong by the one form that was meant. */
function detailOf(json: object): string {
  const form = bodySchema.options.find((option) => Object.keys(option.shape).some((key) => key in json))!;
  const issues = form.safeParse(json).error?.issues ?? [];
  return issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
    .join('; ');
}
