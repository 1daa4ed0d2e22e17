import { toAppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import type { LogBundleResult } from '@genba/shared/local-api/window';
import type { AgentFollower } from './agent-follower.ts';
import type { InvitationInbox } from './invitation-inbox.ts';
import type { Handlers } from './ipc-handlers.ts';
import { logBundleName } from './log-bundle/log-bundle.ts';
import type { PathDialogs } from './path-dialogs.ts';
import type { ShellUpdates } from './updating/shell-updates.ts';
import type { ShellWords } from './words.ts';

export interface ShellHandlersContext {
  readonly follower: AgentFollower;
  readonly inbox: InvitationInbox;
  readonly dialogs: PathDialogs;
  readonly words: () => ShellWords;
  readonly writeLogs: (target: string) => Promise<void>;
  readonly setLanguage: (language: Language) => void;
  readonly updates: Pick<
    ShellUpdates,
    'report' | 'ask' | 'stopFetching' | 'install' | 'acknowledge' | 'pageSpoke'
  >;
  readonly now: () => Date;
}

/** What the shell does for its page. */
export function shellHandlers(context: ShellHandlersContext): Handlers {
  const { follower, inbox, dialogs, updates } = context;
  return {
    'window/endpoint': () => {
      updates.pageSpoke();
      return follower.endpoint();
    },
    'window/take-invitation': async () => inbox.take(),
    'window/choose-path': (kind) => dialogs.open(kind),
    'window/choose-target': (kind, suggestedName) => dialogs.saveKind(kind, suggestedName),
    'window/save-log-bundle': () => saveLogBundle(context),
    'window/update': async () => updates.report(),
    'window/look-for-update': async () => {
      await updates.ask();
      return null;
    },
    'window/stop-update': async () => {
      updates.stopFetching();
      return null;
    },
    'window/install-update': async () => {
      await updates.install();
      return null;
    },
    'window/acknowledge-update': async () => {
      updates.acknowledge();
      return null;
    },
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
