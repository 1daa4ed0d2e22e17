import { toAppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { LogBundleResult } from '@genba/shared/local-api/window';
import type { AgentFollower } from './agent-follower.ts';
import type { InvitationInbox } from './invitation-inbox.ts';
import type { Handlers } from './ipc-handlers.ts';
import { logBundleName } from './log-bundle/log-bundle.ts';
import type { PathDialogs } from './path-dialogs.ts';
import type { ShellWords } from './words.ts';

export interface ShellHandlersContext {
  readonly follower: AgentFollower;
  readonly inbox: InvitationInbox;
  readonly dialogs: PathDialogs;
  readonly words: () => ShellWords;
  readonly writeLogs: (target: string) => Promise<void>;
  readonly setLanguage: (language: Language) => void;
  readonly now: () => Date;
}

/** What the shell does for its page. */
export function shellHandlers(context: ShellHandlersContext): Handlers {
  const { follower, inbox, dialogs } = context;
  return {
    'window/endpoint': () => follower.endpoint(),
    'window/take-invitation': async () => inbox.take(),
    'window/choose-path': (kind) => dialogs.open(kind),
    'window/choose-target': (kind, suggestedName) => dialogs.saveKind(kind, suggestedName),
    'window/save-log-bundle': () => saveLogBundle(context),
    'window/set-language': async (language) => {
      context.setLanguage(language);
      return null;
    },
  };
}

async function saveLogBundle(context: ShellHandlersContext): Promise<LogBundleResult> {
  const words = context.words();
  const filter = { name: words.archives, extensions: ['zip'] };
  const target = await context.dialogs.save(filter, logBundleName(context.now()), words.saveLogBundle);
  if (target === null) return { state: 'cancelled' };
  try {
    await context.writeLogs(target);
    return { state: 'saved', path: target };
  } catch (thrown) {
    return { state: 'failed', problem: toAppError(thrown).code };
  }
}
