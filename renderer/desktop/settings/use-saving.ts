import { useState } from 'react';
import { type DoneSentence, notifyDone } from '../../ui/notify.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { CommandWish } from '../agent-requests.ts';
import type { CommandOutcome } from '../agent-view.ts';

interface Saving {
  readonly isSaving: boolean;
  /** Answer to the last wish; null while nobody knows. */
  readonly outcome: CommandOutcome | null;
  /** Gives a command; says that it is done, with a way back by the command that undoes it. */
  readonly save: (wish: CommandWish, undo: CommandWish | null, message?: DoneSentence) => Promise<void>;
}

/** Saving a setting at once, with a way back instead of a question before it. */
export function useSaving(client: AgentClient): Saving {
  const [isSaving, setIsSaving] = useState(false);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const give = async (wish: CommandWish): Promise<boolean> => {
    setIsSaving(true);
    setOutcome(null);
    const answer = await client.send(wish);
    setIsSaving(false);
    setOutcome(answer);
    return answer.kind === 'done';
  };
  const save: Saving['save'] = async (wish, undo, message) => {
    if (!(await give(wish))) return;
    await notifyDone({
      message: message ?? 'settings.saved',
      ...(undo === null ? {} : { undo: { label: 'settings.undo', run: () => void give(undo) } }),
    });
  };
  return { isSaving, outcome, save };
}
