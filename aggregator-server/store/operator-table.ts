import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { Aftermath, ClientProgress, Issue, Release, TaskState, UpdateRecord } from './catalogue.ts';

/** What an operator may ask for. */
export type OperatorCommand =
  /** Let an update out of quarantine: it goes on in its turn, and is not screened again. */
  | { readonly kind: 'release'; readonly updateId: string }
  /** Refuse an update in quarantine for good. */
  | { readonly kind: 'drop'; readonly updateId: string }
  /** Make the weights of a kept version the newest version. */
  | { readonly kind: 'rollback'; readonly version: number };

/** What an operator may ask for about files that go to and fro without a network. */
export type ExchangeCommand =
  /** Take in a file of a device, which lies in the folder for imports. */
  | { readonly kind: 'import'; readonly file: string }
  /** Make new weights in place of those that were let go before the client had them. */
  | { readonly kind: 'reissue'; readonly clientId: string; readonly baseId: string };

/** What has become of a device's file. */
export interface ImportedFile {
  readonly kind: 'import';
  readonly taskId: string;
  readonly clientId: string;
  readonly plantName: string;
  /** It asked for enrolment, and the device is let in now. */
  readonly hasEnrolled: boolean;
  readonly updateId: string | null;
  /** Where its update stands; null where it carried none, or one that was not taken. */
  readonly updateState: UpdateRecord['state'] | null;
  /** Why its update was not taken. */
  readonly refusal: ErrorCode | null;
  /** The file had been taken in before, or its update had come another way. */
  readonly isKnown: boolean;
}

/** How a request ended. */
export type OperatorResult =
  | ImportedFile
  | { readonly kind: 'reissue'; readonly baseId: string }
  | { readonly kind: 'release'; readonly updateId: string }
  | { readonly kind: 'drop'; readonly updateId: string }
  | {
      readonly kind: 'rollback';
      readonly fromVersion: number;
      /** The version whose weights are served again. */
      readonly toVersion: number;
      readonly newVersion: number;
      /** Clients that were sent them. */
      readonly clients: number;
    }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: string | null };

/** A request as it is written down before anything happens. */
export interface NewOperatorRequest<Command = OperatorCommand> {
  readonly requestId: string;
  readonly taskId: string;
  readonly command: Command;
  readonly requestedAt: string;
  /** Who asked: the account, and the computer it works on. */
  readonly requestedBy: string;
}

export interface OperatorRequest<Command = OperatorCommand> extends NewOperatorRequest<Command> {
  /** `withdrawn`: whoever asked gave up waiting; it will not be done. */
  readonly state: 'waiting' | 'done' | 'failed' | 'withdrawn';
  /** null while it waits, and where it was withdrawn. */
  readonly result: OperatorResult | null;
  readonly finishedAt: string | null;
}

/** A request about a file. */
export type ExchangeRequest = OperatorRequest<ExchangeCommand>;
/** Any request that may wait. */
export type AnyRequest = OperatorRequest | ExchangeRequest;

/** Whether a request is about a file, not for the engine of its task. */
export function isAboutFile(request: AnyRequest): request is ExchangeRequest {
  return request.command.kind === 'import' || request.command.kind === 'reissue';
}

/** Ends a request together with what it does. */
export interface RequestEnd {
  readonly requestId: string;
  readonly finishedAt: string;
}

/**
 * What operators ask for and what was done about it, in the file of the catalogue, so that a command and the server
 * meet there: one writes a request down, the other carries it out. Each effect is one transaction with the end of its
 * request, so it happens exactly once, however often a server stops on the way; and nothing happens once a request is
 * withdrawn. The requests stay, as the record of who did what and when.
 * Every method may throw AppError `server/storage`.
 */
export interface OperatorTable {
  /** Writes a request down. @throws AppError `operation/unknown-task` */
  ask(request: NewOperatorRequest<OperatorCommand | ExchangeCommand>): Promise<void>;
  find(requestId: string): Promise<AnyRequest | null>;
  /** Requests that wait, oldest first. */
  waiting(): Promise<AnyRequest[]>;
  /** Takes a request back; false when it is done already. */
  withdraw(end: RequestEnd): Promise<boolean>;
  /**
   * Ends a request whose effect is the same however often it is carried out, so that it needs no transaction with its
   * end; false when it does not wait any more.
   */
  finish(end: RequestEnd & { result: OperatorResult }): Promise<boolean>;
  /** Ends a request that cannot be carried out; false when it does not wait any more. */
  fail(end: RequestEnd & { code: ErrorCode; detail: string | null }): Promise<boolean>;
  /**
   * Quarantined update → received, behind all that wait, and never screened again.
   * @returns the update; null when it is not in quarantine or the request does not wait: nothing is changed then
   */
  release(end: RequestEnd & { updateId: string }): Promise<UpdateRecord | null>;
  /**
   * Quarantined update → refused; its client is sent new weights instead of an answer, unless it has others already.
   * @returns null when it is not in quarantine or the request does not wait: nothing is changed then
   */
  drop(
    end: RequestEnd & { updateId: string; code: ErrorCode; state: TaskState; issue: Issue | null },
  ): Promise<Aftermath | null>;
  /**
   * New task state with older weights as a new version; every client receives them, and what is in quarantine is
   * refused, because it was built on what is given up.
   * @returns null when an update waits or the request does not: nothing is changed then
   * @throws AppError `operation/version-not-kept`
   */
  rollBack(
    end: RequestEnd & {
      taskId: string;
      toVersion: number;
      state: TaskState;
      client: ClientProgress;
      release: Release;
    },
  ): Promise<Aftermath | null>;
  /** The digest of a version's weights, null where they are not kept any more. */
  keptVersion(taskId: string, version: number): Promise<string | null>;
}
