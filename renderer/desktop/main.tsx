import type { Language } from '@genba/shared/errors/catalogue';
import i18next from 'i18next';
import { startPage } from '../ui/start-page.tsx';
import { AgentClient } from './agent-client.ts';
import { createEndpointSource } from './endpoint-source.ts';
import { firstWord } from './first-word.ts';
import { WindowFrame } from './window-frame.tsx';

const client = new AgentClient({
  endpoint: createEndpointSource({
    bridge: window.genba,
    location: window.location,
    storage: window.sessionStorage,
    history: window.history,
  }),
  openSocket: (address, protocols) => new WebSocket(address, protocols),
  random: Math.random,
});
client.start();
// The tray and the system's dialogs speak what the page speaks.
i18next.on('languageChanged', (language) => void window.genba?.setLanguage(language as Language));
void startPage(<WindowFrame client={client} />, firstWord(client));
