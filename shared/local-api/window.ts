import { z } from 'zod';
import { ERROR_CODES, type Language } from '../errors/catalogue.ts';
import { MAX_INVITATION_LENGTH } from '../identity/invitation.ts';
import type { UpdateReport } from './app-update.ts';
import { exchangePath } from './exchange.ts';
import { localApiEndpointSchema } from './messages.ts';

/** Where the window finds its agent; asked for again before every connection, since a restarted agent moves. */
export const windowEndpointSchema = z.discriminatedUnion('state', [
  localApiEndpointSchema.omit({ pid: true }).extend({ state: z.literal('ready') }),
  /** The shell has started an agent that does not answer yet. */
  z.strictObject({ state: z.literal('starting') }),
  /** No agent runs; `problem` says why none could be started, null when none should be. */
  z.strictObject({ state: z.literal('absent'), problem: z.enum(ERROR_CODES).nullable() }),
]);
export type WindowEndpoint = z.output<typeof windowEndpointSchema>;

/** An invitation that a link or a file has handed to the shell. Nothing is enrolled before a person says so. */
export const handedInvitationSchema = z.discriminatedUnion('state', [
  /** It can be read and is in time; `text` is what the agent's `enrol` takes. */
  z.strictObject({ state: z.literal('ready'), text: z.string().min(1).max(MAX_INVITATION_LENGTH) }),
  z.strictObject({ state: z.literal('refused'), problem: z.enum(ERROR_CODES) }),
]);
export type HandedInvitation = z.output<typeof handedInvitationSchema>;

/** What a person may be asked to choose: an existing folder or file. */
export const OPEN_KINDS = ['folder', 'table', 'picture', 'reply'] as const;
export type OpenKind = (typeof OPEN_KINDS)[number];
/** What a person may be asked to name: a file to write. */
export const SAVE_KINDS = ['table', 'update', 'request'] as const;
export type SaveKind = (typeof SAVE_KINDS)[number];
/** A chosen path; null where the person chose nothing. */
export const chosenPathSchema = exchangePath.nullable();

/** How writing the log bundle ended. */
export const logBundleResultSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('saved'), path: z.string() }),
  z.strictObject({ state: z.literal('cancelled') }),
  z.strictObject({ state: z.literal('failed'), problem: z.enum(ERROR_CODES) }),
]);
export type LogBundleResult = z.output<typeof logBundleResultSchema>;

/** All that the desktop shell lets its page see, as `window.genba`. */
export interface GenbaBridge {
  endpoint(): Promise<WindowEndpoint>;
  /** Takes the newest invitation that was handed over, once; null where none waits. */
  takeInvitation(): Promise<HandedInvitation | null>;
  /** Tells each time that an invitation has come; the returned function ends that. */
  onInvitation(listener: () => void): () => void;
  /** The system's own dialog; null where the person chose nothing. */
  choosePath(kind: OpenKind): Promise<string | null>;
  /** Where a file or folder lies that a person has dropped onto the page; `''` for one that lies nowhere. */
  pathOf(dropped: unknown): string;
  /** @param suggestedName of the file, without a folder */
  chooseTarget(kind: SaveKind, suggestedName: string): Promise<string | null>;
  /** Asks where, and writes the log bundle for IT there. */
  saveLogBundle(): Promise<LogBundleResult>;
  /** How this program stands to newer versions. */
  update(): Promise<UpdateReport>;
  /** Tells each time that the report has changed; the returned function ends that. */
  onUpdate(listener: () => void): () => void;
  /** Asks the aggregator for a newer version now; what comes of it is in the report. */
  lookForUpdate(): Promise<void>;
  /** Stops fetching the version that is on its way. */
  stopUpdate(): Promise<void>;
  /** Installs the version that is ready, and starts anew. */
  installUpdate(): Promise<void>;
  /** A person knows that this PC went back to an older version. */
  acknowledgeUpdate(): Promise<void>;
  /** The tray, menus and dialogs speak it from now on. */
  setLanguage(language: Language): Promise<void>;
  readonly versions: { readonly electron: string; readonly chrome: string };
}

/**
 * What a page of ours may do, whoever serves it: only our own scripts run, it talks to loopback only, and nobody may
 * frame it.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // Mantine places a style element and inline styles; no style can run code.
  "style-src 'self' 'unsafe-inline'",
  // Pictures of the plant come from its agent, which has an address of its own beside the shell's.
  "img-src 'self' data: http://127.0.0.1:*",
  "font-src 'self'",
  "connect-src 'self' ws://127.0.0.1:*",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
