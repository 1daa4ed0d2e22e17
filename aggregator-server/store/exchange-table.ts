import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { UpdateRecord } from './catalogue.ts';

/** One client of one task. */
export interface ClientOfTask {
  readonly taskId: string;
  readonly clientId: string;
}

/** An update that was refused when its file was imported. */
export interface FileRefusal extends ClientOfTask {
  readonly updateId: string;
  readonly code: ErrorCode;
  readonly detail: string | null;
  readonly refusedAt: string;
}

/**
 * What is remembered about devices that send files instead of connecting, in the file of the catalogue. Each method is
 * one transaction. Every method may throw AppError `server/storage`.
 */
export interface ExchangeTable {
  /** Remembers a refusal in place of the client's earlier one. */
  keepRefusal(refusal: FileRefusal): Promise<void>;
  /** The client's newest refusal, unless its update was taken in later; null where there is none. */
  refusal(client: ClientOfTask): Promise<FileRefusal | null>;
  /** Whether a request for weights was answered before. */
  isAnswered(requestId: string): Promise<boolean>;
  /** Remembers that a request for weights is answered. Said again, nothing changes. */
  keepAnswered(request: ClientOfTask & { requestId: string; answeredAt: string }): Promise<void>;
  /** The client's update that was journaled last; null before the first. */
  newestUpdate(client: ClientOfTask): Promise<UpdateRecord | null>;
}
