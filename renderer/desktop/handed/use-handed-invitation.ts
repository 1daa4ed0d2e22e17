import type { HandedInvitation } from '@genba/shared/local-api/window';
import { useEffect } from 'react';

/**
 * Takes the invitations that a link or a file has handed to the desktop shell. One part of the page takes them at a
 * time: the first run before this PC has joined, the frame after that.
 * @param isTaking whether this part takes them now
 */
export function useHandedInvitation(isTaking: boolean, onHanded: (handed: HandedInvitation) => void): void {
  useEffect(() => {
    const bridge = window.genba;
    if (bridge === undefined || !isTaking) return;
    const take = async () => {
      const handed = await bridge.takeInvitation();
      if (handed !== null) onHanded(handed);
    };
    void take();
    return bridge.onInvitation(() => void take());
  }, [isTaking, onHanded]);
}
