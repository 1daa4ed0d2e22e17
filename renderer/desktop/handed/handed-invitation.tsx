import { lazy, useEffect } from 'react';
import { Later } from '../../ui/later.tsx';
import type { AgentClient } from '../agent-client.ts';
import { goTo } from '../place.ts';
import { useStatus } from '../use-status.ts';

// Needed once in a PC's life.
const HandedDialog = lazy(async () => ({ default: (await import('./handed-dialog.tsx')).HandedDialog }));

/** An invitation that the desktop shell was handed: a dialog where this PC takes part already, else the first run. */
export function HandedInvitation({ client }: { readonly client: AgentClient }) {
  const isJoined = useStatus(client, (status) => status.security !== null);
  useEffect(() => (isJoined ? undefined : window.genba?.onInvitation(() => goTo('today'))), [isJoined]);
  if (window.genba === undefined || !isJoined) return null;
  return (
    <Later instead={null}>
      <HandedDialog client={client} />
    </Later>
  );
}
