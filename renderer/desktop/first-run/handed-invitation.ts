import type { ErrorCode } from '@genba/shared/errors/catalogue';
import { useEffect } from 'react';

/** Takes the invitations that a link or a file has handed to the desktop shell, as long as this is shown. */
export function useHandedInvitation(
  onText: (text: string) => void,
  onProblem: (problem: ErrorCode) => void,
): void {
  useEffect(() => {
    const bridge = window.genba;
    if (bridge === undefined) return;
    const take = async () => {
      const handed = await bridge.takeInvitation();
      if (handed?.state === 'ready') onText(handed.text);
      if (handed?.state === 'refused') onProblem(handed.problem);
    };
    void take();
    return bridge.onInvitation(() => void take());
  }, [onText, onProblem]);
}
