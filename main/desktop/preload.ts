import type { GenbaBridge } from '@genba/shared/local-api/window';
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { CallAnswers, CallArguments, WindowChannel } from './ipc-contract.ts';

/** As in the contract, which is not imported: a preload carries no schemas. */
const INVITATION_ARRIVED: typeof import('./ipc-contract.ts').INVITATION_ARRIVED = 'window/invitation-arrived';

function call<Channel extends WindowChannel>(
  channel: Channel,
  ...args: CallArguments<Channel>
): Promise<CallAnswers[Channel]> {
  return ipcRenderer.invoke(channel, ...args) as Promise<CallAnswers[Channel]>;
}

contextBridge.exposeInMainWorld('genba', {
  endpoint: () => call('window/endpoint'),
  takeInvitation: () => call('window/take-invitation'),
  onInvitation: (listener) => {
    // The page's function gets no event: that would hand it the sender.
    const hear = () => listener();
    ipcRenderer.on(INVITATION_ARRIVED, hear);
    return () => void ipcRenderer.off(INVITATION_ARRIVED, hear);
  },
  choosePath: (kind) => call('window/choose-path', kind),
  // It is one that a person has dropped: no script can make one that lies somewhere.
  pathOf: (dropped) => (dropped instanceof File ? webUtils.getPathForFile(dropped) : ''),
  chooseTarget: (kind, suggestedName) => call('window/choose-target', kind, suggestedName),
  saveLogBundle: () => call('window/save-log-bundle'),
  setLanguage: async (language) => void (await call('window/set-language', language)),
  versions: { electron: process.versions.electron ?? '', chrome: process.versions.chrome ?? '' },
} satisfies GenbaBridge);
