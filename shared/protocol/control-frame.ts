import type { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { MAX_CONTROL_FRAME_BYTES } from './limits.ts';

/**
 * Reads one JSON control frame and proves every field of it.
 * @param text the frame's text; its length is checked before it is parsed
 * @param maxCharacters longest text that is read
 * @throws AppError `protocol/frame-too-large`, `protocol/bad-message` (its detail names the fields, never values)
 */
export function parseControlFrame<Message>(
  schema: z.ZodType<Message>,
  text: string,
  maxCharacters = MAX_CONTROL_FRAME_BYTES,
): Message {
  if (text.length > maxCharacters) {
    throw new AppError('protocol/frame-too-large', { detail: `control frame of ${text.length} characters` });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError('protocol/bad-message', { detail: 'not JSON', cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join('.') || 'message'}: ${issue.message}`)
    .join('; ');
  throw new AppError('protocol/bad-message', { detail });
}
