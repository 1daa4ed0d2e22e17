import { AppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';

/** One call into a thread. Both ends are always of one version, so it is typed but not schema-checked. */
export interface ThreadCall {
  readonly id: number;
  /** Which of the thread's services is called. */
  readonly service: string;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

/** Its answer: exactly one per call, in the order of the calls. */
export type ThreadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure };

/** What a thread says unasked. */
export interface ThreadEvent {
  readonly event: string;
}

/** An error that crosses the thread border; `code` is null for a bug. */
export interface Failure {
  readonly code: ErrorCode | null;
  readonly text: string | undefined;
}

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof AppError) return { code: thrown.code, text: thrown.detail };
  return { code: null, text: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}

/** @param threadName for bugs, whose stack is that of the thread */
export function errorOf({ code, text }: Failure, threadName: string): Error {
  return code === null ? new Error(`in ${threadName}: ${text}`) : new AppError(code, { detail: text });
}

/** Plain values, which cross a thread border as they are; `never` in place of what does not. */
type Plain<Value> = Value extends (...parameters: never[]) => unknown
  ? never
  : Value extends Uint8Array
    ? Value
    : Value extends object
      ? { [Name in keyof Value]: Plain<Value[Name]> }
      : Value;

type NotCallable = 'is synchronous, or takes or returns more than plain values';

/**
 * A service as it looks from another thread. What could not be called from there is no function here: assigning this to
 * the service's own type proves that there is no such method.
 */
export type Remote<Service> = {
  [Name in keyof Service]: Service[Name] extends (...parameters: infer Parameters) => Promise<infer Result>
    ? Parameters extends Plain<Parameters>
      ? Result extends Plain<Result>
        ? Service[Name]
        : NotCallable
      : NotCallable
    : NotCallable;
};
