import type { Language } from '@genba/shared/errors/catalogue';
import type { UpdateReport } from '@genba/shared/local-api/app-update';
import {
  type HandedInvitation,
  type LogBundleResult,
  OPEN_KINDS,
  SAVE_KINDS,
  type WindowEndpoint,
} from '@genba/shared/local-api/window';
import { z } from 'zod';

/** Longest suggested name of a file, characters. */
const MAX_NAME_LENGTH = 200;

/** Every call from a page to the shell, and the arguments it may carry. There are no others. */
export const CALL_ARGUMENTS = {
  'window/endpoint': z.tuple([]),
  'window/take-invitation': z.tuple([]),
  'window/choose-path': z.tuple([z.enum(OPEN_KINDS)]),
  'window/choose-target': z.tuple([
    z.enum(SAVE_KINDS),
    // A name only: where it lies is for the person to say.
    z
      .string()
      .min(1)
      .max(MAX_NAME_LENGTH)
      .regex(/^[^/\\\0]+$/),
  ]),
  'window/save-log-bundle': z.tuple([]),
  'window/update': z.tuple([]),
  'window/look-for-update': z.tuple([]),
  'window/stop-update': z.tuple([]),
  'window/install-update': z.tuple([]),
  'window/acknowledge-update': z.tuple([]),
  'window/set-language': z.tuple([z.enum(['en', 'ja'] satisfies Language[])]),
} as const;

export type WindowChannel = keyof typeof CALL_ARGUMENTS;
export type CallArguments<Channel extends WindowChannel> = z.output<(typeof CALL_ARGUMENTS)[Channel]>;

/** What each call answers. */
export interface CallAnswers {
  'window/endpoint': WindowEndpoint;
  'window/take-invitation': HandedInvitation | null;
  'window/choose-path': string | null;
  'window/choose-target': string | null;
  'window/save-log-bundle': LogBundleResult;
  'window/update': UpdateReport;
  'window/look-for-update': null;
  'window/stop-update': null;
  'window/install-update': null;
  'window/acknowledge-update': null;
  'window/set-language': null;
}

/** What the shell tells its page, without content. */
export const INVITATION_ARRIVED = 'window/invitation-arrived';
export const UPDATE_CHANGED = 'window/update-changed';
