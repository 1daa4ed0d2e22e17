import { AppError } from '@genba/shared/errors/app-error';
import type { DoctorReport, DoctorWish } from '@genba/shared/local-api/doctor';
import type { ExchangeResult } from '@genba/shared/local-api/exchange';
import type { JudgedItem, Judgement, JudgeWish } from '@genba/shared/local-api/judging';
import type { Label } from '@genba/shared/local-api/labelling';
import type { LedgerPage, LedgerQuery } from '@genba/shared/local-api/ledger';
import { MAX_LOCAL_FRAME_CHARACTERS } from '@genba/shared/local-api/limits';
import {
  type AgentStatus,
  LOCAL_API_PATH,
  LOCAL_API_SUBPROTOCOL,
  LOCAL_API_TOKEN_PREFIX,
  type LocalApiEndpoint,
  type LocalCommand,
  type LocalMessage,
  type LocalQuery,
  localMessageSchema,
} from '@genba/shared/local-api/messages';
import type { MethodReport } from '@genba/shared/local-api/methods';
import type { ModelReport } from '@genba/shared/local-api/model';
import type { DataPreview } from '@genba/shared/local-api/preview';
import type { RefusedPage } from '@genba/shared/local-api/refused-updates';
import type { Rejection, RejectionWish } from '@genba/shared/local-api/rejection';
import type { WatchStatus } from '@genba/shared/local-api/watches';
import { parseControlFrame } from '@genba/shared/protocol/control-frame';
import { type RawData, WebSocket } from 'ws';

/** No deadline: an enrolment takes as long as its network. */
const UNLIMITED = Number.POSITIVE_INFINITY;

/**
 * Has a running agent carry out a command.
 * @param deadlineMs how long that may take, milliseconds
 * @throws AppError why it did not, or `local/unauthorised`, also where it does not answer in time
 */
export async function askAgent(
  endpoint: LocalApiEndpoint,
  command: LocalCommand,
  deadlineMs = UNLIMITED,
): Promise<ExchangeResult | null> {
  return converse<ExchangeResult | null>({ ...endpoint, deadlineMs }, (socket, resolve, reject) => {
    socket.on('open', () => socket.send(JSON.stringify(command)));
    return (message) => {
      if (message.type !== 'reply') return;
      if (message.error === null) resolve(message.result ?? null);
      else reject(new AppError(message.error, { detail: message.detail }));
    };
  });
}

/** How long a connection doctor may take: every step of every address may run into its own deadline, milliseconds. */
const DOCTOR_DEADLINE_MS = 600_000;

/** Has a running agent examine its connection. @throws AppError why it did not, or `local/unauthorised` */
export async function askDoctor(endpoint: LocalApiEndpoint, of: DoctorWish): Promise<DoctorReport> {
  const query: LocalQuery = { id: 1, query: 'doctor', of };
  return converse<DoctorReport>(
    { ...endpoint, deadlineMs: DOCTOR_DEADLINE_MS },
    (socket, resolve, reject) => {
      socket.on('open', () => socket.send(JSON.stringify(query)));
      return (message) => {
        if (message.type === 'doctor') resolve(message.report);
        else if (message.type === 'reply' && message.error !== null) reject(new AppError(message.error));
      };
    },
  );
}

/** Has a running agent look at data. @throws AppError why it did not, or `local/unauthorised` */
export async function askPreview(endpoint: LocalApiEndpoint, path: string): Promise<DataPreview> {
  return converse<DataPreview>(endpoint, (socket, resolve, reject) => {
    const query: LocalQuery = { id: 1, query: 'preview-data', path };
    socket.on('open', () => socket.send(JSON.stringify(query)));
    return (message) => {
      if (message.type === 'preview') resolve(message.preview);
      else if (message.type === 'reply' && message.error !== null) reject(new AppError(message.error));
    };
  });
}

/** What a running agent tells its windows. @throws AppError `local/unauthorised` */
export async function readAgentStatus(endpoint: LocalApiEndpoint): Promise<AgentStatus> {
  return converse<AgentStatus>(endpoint, (_, resolve) => (message) => {
    if (message.type === 'status') resolve(message.status);
  });
}

/**
 * Hears what a running agent tells its windows until it has heard enough.
 * @returns the last status
 * @throws AppError `local/unauthorised`, also where the agent ends
 */
export async function followAgent(
  endpoint: LocalApiEndpoint,
  hasHeardEnough: (status: AgentStatus) => boolean,
): Promise<AgentStatus> {
  return converse<AgentStatus>(endpoint, (_, resolve) => (message) => {
    if (message.type === 'status' && hasHeardEnough(message.status)) resolve(message.status);
  });
}

/** What a running agent knows of its models. @throws AppError `local/unauthorised` */
export async function askModels(endpoint: LocalApiEndpoint): Promise<ModelReport> {
  return converse<ModelReport>(endpoint, (socket, resolve) => {
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, query: 'model' } satisfies LocalQuery)));
    return (message) => {
      if (message.type === 'model') resolve(message.report);
    };
  });
}

/** The ways to train on the PC of a running agent. @throws AppError `local/unauthorised` */
export async function askMethods(endpoint: LocalApiEndpoint): Promise<MethodReport> {
  return converse<MethodReport>(endpoint, (socket, resolve) => {
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, query: 'methods' } satisfies LocalQuery)));
    return (message) => {
      if (message.type === 'methods') resolve(message.report);
    };
  });
}

/** A page of a running agent's ledger. @throws AppError `local/unauthorised` */
export async function askLedger(endpoint: LocalApiEndpoint, of: LedgerQuery): Promise<LedgerPage> {
  return converse<LedgerPage>(endpoint, (socket, resolve) => {
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, query: 'ledger', of } satisfies LocalQuery)));
    return (message) => {
      if (message.type === 'ledger') resolve(message.page);
    };
  });
}

/** A page of a running agent's refused updates. @throws AppError `local/unauthorised` */
export async function askRefused(endpoint: LocalApiEndpoint, after: number): Promise<RefusedPage> {
  const query: LocalQuery = { id: 1, query: 'refused', after };
  return converse<RefusedPage>(endpoint, (socket, resolve) => {
    socket.on('open', () => socket.send(JSON.stringify(query)));
    return (message) => {
      if (message.type === 'refused') resolve(message.page);
    };
  });
}

/** A page of the labels that people have given at a running agent. @throws AppError `local/unauthorised` */
export async function askLabels(endpoint: LocalApiEndpoint, after: number): Promise<readonly Label[]> {
  const query: LocalQuery = { id: 1, query: 'labels', after };
  return converse<readonly Label[]>(endpoint, (socket, resolve) => {
    socket.on('open', () => socket.send(JSON.stringify(query)));
    return (message) => {
      if (message.type === 'labels') resolve(message.labels);
    };
  });
}

/**
 * Has a running agent judge something.
 * @param take is given all items, part by part, where the wish asks for parts
 * @throws AppError why it did not, or `local/unauthorised`
 */
export async function askJudgement(
  endpoint: LocalApiEndpoint,
  of: JudgeWish,
  take: (part: readonly JudgedItem[]) => void,
): Promise<Judgement> {
  return converse<Judgement>(endpoint, (socket, resolve, reject) => {
    const query: LocalQuery = { id: 1, query: 'judge', of };
    socket.on('open', () => socket.send(JSON.stringify(query)));
    return (message) => {
      if (message.type === 'judged') take(message.part);
      else if (message.type === 'judgement') resolve(message.judgement);
      else if (message.type === 'reply' && message.error !== null)
        reject(new AppError(message.error, { detail: message.detail }));
    };
  });
}

/** What a wish would do to the parts that were held out; null: the one that is set. @throws as {@link askJudgement} */
export async function askRejection(
  endpoint: LocalApiEndpoint,
  wish: RejectionWish | null,
): Promise<Rejection> {
  return converse<Rejection>(endpoint, (socket, resolve, reject) => {
    const query: LocalQuery = { id: 1, query: 'rejection', wish };
    socket.on('open', () => socket.send(JSON.stringify(query)));
    return (message) => {
      if (message.type === 'rejection') resolve(message.rejection);
      else if (message.type === 'reply' && message.error !== null)
        reject(new AppError(message.error, { detail: message.detail }));
    };
  });
}

/** The folders whose new pictures a running agent judges. @throws AppError `local/unauthorised` */
export async function askWatches(endpoint: LocalApiEndpoint): Promise<readonly WatchStatus[]> {
  return converse<readonly WatchStatus[]>(endpoint, (socket, resolve) => {
    const query: LocalQuery = { id: 1, query: 'watches' };
    socket.on('open', () => socket.send(JSON.stringify(query)));
    return (message) => {
      if (message.type === 'watches') resolve(message.watches);
    };
  });
}

async function converse<Answer>(
  { address, token, deadlineMs = UNLIMITED }: LocalApiEndpoint & { readonly deadlineMs?: number },
  listen: (
    socket: WebSocket,
    resolve: (answer: Answer) => void,
    reject: (error: AppError) => void,
  ) => (message: LocalMessage) => void,
): Promise<Answer> {
  const socket = new WebSocket(`${address.replace(/^http/, 'ws')}${LOCAL_API_PATH}`, [
    LOCAL_API_SUBPROTOCOL,
    `${LOCAL_API_TOKEN_PREFIX}${token}`,
  ]);
  const deadline = Number.isFinite(deadlineMs) ? setTimeout(() => socket.terminate(), deadlineMs) : null;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const hear = listen(socket, resolve, reject);
      const lose = (cause?: unknown) =>
        reject(new AppError('local/unauthorised', { detail: address, cause }));
      socket.on('error', lose);
      socket.on('close', () => lose());
      socket.on('message', (data: RawData) => {
        try {
          hear(parseControlFrame(localMessageSchema, String(data), MAX_LOCAL_FRAME_CHARACTERS));
        } catch (error) {
          lose(error);
        }
      });
    });
  } finally {
    if (deadline !== null) clearTimeout(deadline);
    socket.terminate();
  }
}
