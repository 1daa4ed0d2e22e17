import { startPage } from '../ui/start-page.tsx';
import { AgentClient } from './agent-client.ts';
import { createEndpointSource } from './endpoint-source.ts';
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
void startPage(<WindowFrame client={client} />);
