import { useSyncExternalStore } from 'react';
import { useLanguage } from '../ui/i18n/use-language.ts';
import { useNow } from '../ui/use-now.ts';
import type { AgentClient } from './agent-client.ts';
import type { AgentView } from './agent-view.ts';

/** Where the results go and how they are protected, and how old all this is when the agent does not answer. */
export function WindowFooter({ client }: { readonly client: AgentClient }) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  const select =
    <Part,>(part: (view: AgentView) => Part) =>
    () =>
      part(client.view());
  const network = useSyncExternalStore(
    client.subscribe,
    select(({ status }) => status?.network ?? null),
  );
  const security = useSyncExternalStore(
    client.subscribe,
    select(({ status }) => status?.security ?? null),
  );
  const appVersion = useSyncExternalStore(
    client.subscribe,
    select(({ status }) => status?.appVersion ?? null),
  );
  const staleSince = useSyncExternalStore(
    client.subscribe,
    select(({ contact, heardAt }) => (contact.kind === 'connected' ? null : heardAt)),
  );
  if (network === null) return null;
  const { server, since, proxy } = network;
  return (
    <>
      {staleSince === null ? null : (
        <span>{t('stale.note', { time: formats.moment(staleSince, nowMs) })}</span>
      )}
      {server === null ? null : (
        <span>
          {t('footer.server', { server })}
          {proxy === null ? '' : `, ${t('footer.proxy', { proxy })}`} (
          {t('network.since', { time: formats.moment(since, nowMs) })})
        </span>
      )}
      {security === 'enrolled' ? <span>{t('security.enrolled')}</span> : null}
      {security === 'open-loopback' ? <span>{t('security.openLoopback')}</span> : null}
      {appVersion === null ? null : <span>{t('footer.version', { version: appVersion })}</span>}
    </>
  );
}
