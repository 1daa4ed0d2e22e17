import { AppError } from '@genba/shared/errors/app-error';
import { mayCalibrateOnClient } from '@genba/shared/federation/strategies/orthofl-average';
import type { Task } from '@genba/shared/model/task';
import { FEATURE_SINCE, featuresOf, firstVersionWith } from '@genba/shared/model/task-features';
import { CAN_CALIBRATE } from '@genba/shared/protocol/capabilities';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { PROTOCOL_VERSION } from '@genba/shared/protocol/limits';
import { type ClientMessage, clientMessageSchema } from '@genba/shared/protocol/messages';
import { z } from 'zod';
import type { TaskEngine } from '../engine/task-engine.ts';
import { decodeText } from './frame-text.ts';

export type Hello = Extract<ClientMessage, { type: 'hello' }>;

/** The part of a hello that every protocol version shares, so that a newer one is refused by its proper name. */
const anyHello = z.object({
  type: z.literal('hello'),
  protocol: z.object({ min: z.int(), max: z.int() }),
});

const greeting = z.object({ type: z.literal('hello') });

/**
 * Reads the first frame of a connection.
 * @throws AppError `protocol/hello-expected`, `protocol/unsupported-version`, `protocol/bad-message` (a hello with
 *   wrong fields)
 */
export function readHello(bytes: Uint8Array): Hello {
  if (!isHello(bytes)) throw new AppError('protocol/hello-expected');
  const text = decodeText(bytes);
  const { protocol } = parseControlFrame(anyHello, text);
  if (protocol.min > PROTOCOL_VERSION || protocol.max < PROTOCOL_VERSION) {
    throw new AppError('protocol/unsupported-version', {
      detail: `client speaks ${protocol.min} to ${protocol.max}, this server ${PROTOCOL_VERSION}`,
    });
  }
  const message = parseControlFrame(clientMessageSchema, text);
  if (message.type !== 'hello') throw new AppError('protocol/hello-expected');
  return message;
}

/** Whether this is a hello at all, right or wrong in its fields. */
function isHello(bytes: Uint8Array): boolean {
  try {
    parseControlFrame(greeting, decodeText(bytes));
    return true;
  } catch {
    return false;
  }
}

/** Finds the task a client asks for; null asks for the only one. @throws AppError `task/unknown` */
export function findEngine(engines: ReadonlyMap<string, TaskEngine>, taskId: string | null): TaskEngine {
  const onlyEngine = engines.size === 1 ? engines.values().next().value : undefined;
  const engine = taskId === null ? onlyEngine : engines.get(taskId);
  if (engine === undefined) {
    throw new AppError('task/unknown', {
      detail: taskId === null ? 'this server has several tasks: name one' : undefined,
    });
  }
  return engine;
}

/** What a task asks of its plants that a client does not name, and so cannot do. */
export function lackedBy({ capabilities }: Pick<Hello, 'capabilities'>, task: Task): readonly string[] {
  const { federation } = task;
  const mustCalibrate = federation.strategy === 'orthofl' && mayCalibrateOnClient(federation);
  const asked = [...featuresOf(task), ...(mustCalibrate ? [CAN_CALIBRATE] : [])];
  return asked.filter((name) => !capabilities.includes(name));
}

/** The refusal of a client whose program lacks something. @param lacks at least one name of {@link lackedBy} */
export function tooOld(lacks: readonly string[], task: Task): AppError {
  const version = firstVersionWith(featuresOf(task), FEATURE_SINCE);
  return new AppError('task/app-too-old', {
    detail: `needs Genba ${version} or newer, for ${lacks.join(', ')}`,
  });
}
