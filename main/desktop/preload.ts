import type { GenbaBridge } from '@genba/shared/local-api/window';
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { CallAnswers, CallArguments, WindowChannel } from './ipc-contract.ts';

/** As in the contract, which is not imported: a preload carries no schemas. */
const INVITATION_ARRIVED: typeof import('./ipc-contract.ts').INVITATION_ARRIVED = 'window/invitation-arrived';

const UPDATE_CHANGED: typeof import('./ipc-contract.ts').UPDATE_CHANGED = 'window/update-changed';

function call<Channel extends WindowChannel>(
  channel: Channel,
  ...args: CallArguments<Channel>
): Promise<CallAnswers[Channel]> {
  return ipcRenderer.invoke(channel, ...args) as Promise<CallAnswers[Channel]>;
}

/** Tells a page that something has happened. Its function gets no event: that would hand it the sender. */
function hear(channel: string, listener: () => void): () => void {
  const tell = () => listener();
  ipcRenderer.on(channel, tell);
  return () => void ipcRenderer.off(channel, tell);
}

contextBridge.exposeInMainWorld('genba', {
  endpoint: () => call('window/endpoint'),
  takeInvitation: () => call('window/take-invitation'),
  onInvitation: (listener) => hear(INVITATION_ARRIVED, listener),
  choosePath: (kind) => call('window/choose-path', kind),
  // It is one that a person has dropped: no script can make one that lies somewhere.
  pathOf: (dropped) => (dropped instanceof File ? webUtils.getPathForFile(dropped) : ''),
  chooseTarget: (kind, suggestedName) => call('window/choose-target', kind, suggestedName),
  saveLogBundle: () => call('window/save-log-bundle'),
  update: () => call('window/update'),
  onUpdate: (listener) => hear(UPDATE_CHANGED, listener),
  lookForUpdate: async () => void (await call('window/look-for-update')),
  stopUpdate: async () => void (await call('window/stop-update')),
  installUpdate: async () => void (await call('window/install-update')),
  acknowledgeUpdate: async () => void (await call('window/acknowledge-update')),
  setLanguage: async (language) => void (await call('window/set-language', language)),
  versions: { electron: process.versions.electron ?? '', chrome: process.versions.chrome ?? '' },
} satisfies GenbaBridge);
