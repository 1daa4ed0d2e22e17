import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { ExchangeResult } from '@genba/shared/local-api/exchange';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { PictureDoor } from './picture-door.ts';

/** How the window stands with its agent. */
export type Contact =
  | { readonly kind: 'opening' }
  /** The shell is starting the agent. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'unreachable'; readonly problem: ErrorCode | null }
  /** What arrives does not fit the contract: window and agent are of different versions. */
  | { readonly kind: 'unreadable' }
  /** The page was opened without a token. */
  | { readonly kind: 'refused' };

/** What the window knows: its contact with the agent, and the last status heard, however old. */
export interface AgentView {
  readonly contact: Contact;
  readonly status: AgentStatus | null;
  /** When the last status arrived. */
  readonly heardAt: string | null;
  /** Where the agent shows its pictures; null before it was found. */
  readonly pictures: PictureDoor | null;
}

/** Why nothing came of what was asked: refused with a code, or no answer in time. */
export type Failure =
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: string | null }
  | { readonly kind: 'unanswered' };

/** Answer to a command; `result` is what one about files has done. */
export type CommandOutcome = { readonly kind: 'done'; readonly result: ExchangeResult | null } | Failure;

/** Answer to a question. */
export type QueryOutcome<Answer> = { readonly kind: 'answered'; readonly answer: Answer } | Failure;
