import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { readServing } from '@genba/aggregator-server/identity/serving-file';
import { invite } from '@genba/aggregator-server/operations/invite';
import { dataFolderPaths } from '@genba/aggregator-server/store/data-folder';
import { invitationLink } from '@genba/shared/identity/invitation';
import { parseTask } from '@genba/shared/model/task';
import { Child } from './child.ts';
import { writePhotos } from './inspection-photos.ts';
import { readMnist } from './mnist.ts';

const TASK_FILE = path.join(import.meta.dirname, 'task.json');
const AGGREGATOR = path.join(import.meta.dirname, '../aggregator-server/cli.ts');

/** Photos of each digit: enough to learn from, and written in a moment. */
const PHOTOS_PER_DIGIT = 150;

const HOST = '127.0.0.1';
const PLANT_NAME = '仙台 Sendai';
const INVITATION_VALID_MS = 86_400_000;

/** How long a port may take to answer on this computer, milliseconds. */
const KNOCK_MS = 1_000;

/** Where everything of a try-out lies. */
export function tryOutPaths(folder: string) {
  const data = path.join(folder, 'data');
  return {
    aggregator: path.join(folder, 'aggregator'),
    /** Data folder of the plant's agent. */
    plant: path.join(folder, 'plant'),
    logs: path.join(folder, 'logs'),
    /** Where a person looks for data. */
    data,
    /** Photos in one folder per class, and nothing else beside it. */
    photos: path.join(data, '写真 Photos'),
  };
}

/**
 * The demo's aggregator as a plant's own would be: with TLS and enrolment, for one plant that a person sets up by hand
 * on photos of handwritten digits. Its state stays from one time to the next.
 */
export class TryOut {
  readonly #folder: string;
  /** null: another try-out of this folder has started it, and ends it. */
  readonly #aggregator: Child | null;

  private constructor(folder: string, aggregator: Child | null) {
    this.#folder = folder;
    this.#aggregator = aggregator;
  }

  /**
   * Writes the photos where there are none, and starts the aggregator where it does not run.
   * @param onFailure told when the aggregator ends by itself
   * @throws Error when it does not start; AppError when the digits are missing or damaged
   */
  static async start(folder: string, onFailure: (description: string) => void): Promise<TryOut> {
    const { aggregator, photos, logs } = tryOutPaths(folder);
    mkdirSync(logs, { recursive: true });
    await preparePhotos(photos);
    const serving = await readServing(dataFolderPaths(aggregator).identityPath);
    // The plant has enrolled with this address, so it has to stay.
    const port = serving === null ? 0 : Number(new URL(serving.addresses[0]!).port);
    if (port !== 0 && (await answers(port))) return new TryOut(folder, null);
    const child = new Child({
      program: AGGREGATOR,
      args: ['--data', aggregator, '--host', HOST, '--port', String(port), '--task', TASK_FILE],
      ready: /listens on/,
      logFile: path.join(logs, 'aggregator.log'),
      onUnexpectedExit: onFailure,
    });
    await child.ready();
    return new TryOut(folder, child);
  }

  /** A new invitation for the plant, as a link; good for a day and for one PC. */
  async invite(): Promise<string> {
    const invitation = await invite({
      dataFolder: tryOutPaths(this.#folder).aggregator,
      plantName: PLANT_NAME,
      taskId: parseTask(JSON.parse(readFileSync(TASK_FILE, 'utf8'))).id,
      validMs: INVITATION_VALID_MS,
    });
    return invitationLink(invitation);
  }

  /** Whether this try-out has started the aggregator, and ends it. */
  get isHost(): boolean {
    return this.#aggregator !== null;
  }

  /** Stops the aggregator, where it is this try-out's. The plant's agent is not touched. */
  async stop(): Promise<void> {
    await this.#aggregator?.stop();
  }
}

/** Writes the photos into place as a whole, so that a cut leaves no half. */
async function preparePhotos(photos: string): Promise<void> {
  if (existsSync(photos)) return;
  const unfinished = path.join(path.dirname(photos), '..', 'unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  const classes = Array.from({ length: 10 }, (_, digit) => ({
    name: String(digit),
    digit,
    count: PHOTOS_PER_DIGIT,
  }));
  await writePhotos(unfinished, readMnist('train'), classes, 'engraved');
  mkdirSync(path.dirname(photos), { recursive: true });
  renameSync(unfinished, photos);
}

/** Whether something listens on a port of this computer. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port, timeout: KNOCK_MS });
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
