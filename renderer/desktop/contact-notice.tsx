import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { useSyncExternalStore } from 'react';
import { useLanguage } from '../ui/i18n/use-language.ts';
import { ToneIcon } from '../ui/icons.tsx';
import type { AgentClient } from './agent-client.ts';
import { describeState, type StateSentence } from './state-sentence.ts';
import { useIsConnected } from './use-status.ts';

/** How the plant stands, in one headline and one line. */
export function useStateSentence(client: AgentClient): StateSentence {
  const { t, language } = useLanguage();
  const view = useSyncExternalStore(client.subscribe, client.view);
  return describeState(view, t, (code) => ERROR_CATALOGUE[code][language]);
}

/** That the agent does not answer, so that what a screen shows may be old; nothing while it does. */
export function ContactNotice({ client }: { readonly client: AgentClient }) {
  const isConnected = useIsConnected(client);
  return <div role="status">{isConnected ? null : <LostContact client={client} />}</div>;
}

function LostContact({ client }: { readonly client: AgentClient }) {
  const { tone, headline, next } = useStateSentence(client);
  return (
    <div className="notice" data-tone={tone}>
      <ToneIcon tone={tone} />
      <div>
        <p className="notice__title">{headline}</p>
        <p className="soft">{next}</p>
      </div>
    </div>
  );
}
