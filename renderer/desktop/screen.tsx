import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import { useEffect, useSyncExternalStore } from 'react';
import { useLanguage } from '../ui/i18n/use-language.ts';
import { NetworkBadge } from '../ui/network-badge.tsx';
import { PageFrame } from '../ui/page-frame.tsx';
import { StateBanner } from '../ui/state-banner.tsx';
import { useNow } from '../ui/use-now.ts';
import { AccuracyCard } from './accuracy-card.tsx';
import type { AgentClient } from './agent-client.ts';
import type { AgentView } from './agent-view.ts';
import { DataCard } from './data-card.tsx';
import { DiskNotice } from './disk-notice.tsx';
import { DriftNotice } from './drift-notice.tsx';
import { MethodCard } from './method-card.tsx';
import { PauseButton } from './pause-button.tsx';
import { ProblemNotice } from './problem-notice.tsx';
import { QueueCard } from './queue-card.tsx';
import { ServerNotice } from './server-notice.tsx';
import { SetupCard } from './setup-card.tsx';
import { describeState } from './state-sentence.ts';
import { TrainingCard } from './training-card.tsx';

/** The plant's window: one state, and below it what stands behind it. */
export function Screen({ client }: { readonly client: AgentClient }) {
  const view = useSyncExternalStore(client.subscribe, client.view);
  const { t, language } = useLanguage();
  const { status, contact } = view;
  const state = describeState(view, t, (code) => ERROR_CATALOGUE[code][language]);
  const isConnected = contact.kind === 'connected';
  const plantName = status?.plantName ?? t('app.noPlant');
  useEffect(() => {
    document.title = `${plantName} – ${t('app.name')}`;
  }, [plantName, t]);
  return (
    <PageFrame
      title={plantName}
      subtitle={status?.task?.name[language] ?? null}
      badge={isConnected && status !== null ? <NetworkBadge state={status.network.state} /> : null}
      footer={<Footer view={view} />}
    >
      <StateBanner tone={state.tone} headline={state.headline} next={state.next}>
        {isConnected && status !== null ? <PauseButton client={client} phase={status.phase} /> : undefined}
      </StateBanner>
      {isConnected && status !== null ? <ProblemNotice status={status} /> : null}
      {isConnected && status !== null ? <DiskNotice status={status} /> : null}
      {isConnected && status !== null ? <DriftNotice client={client} status={status} /> : null}
      {isConnected && status !== null ? <ServerNotice status={status} /> : null}
      {status === null ? null : <Cards client={client} status={status} />}
    </PageFrame>
  );
}

function Cards({ client, status }: { readonly client: AgentClient; readonly status: AgentStatus }) {
  const nowMs = useNow();
  if (status.phase === 'unconfigured') {
    return (
      <div className="cards">
        <SetupCard isEnrolled={status.identity !== null} />
      </div>
    );
  }
  return (
    <div className="cards">
      <TrainingCard status={status} />
      <QueueCard client={client} status={status} nowMs={nowMs} />
      <MethodCard status={status} />
      <AccuracyCard status={status} />
      <DataCard status={status} />
    </div>
  );
}

function Footer({ view: { status, contact, heardAt } }: { readonly view: AgentView }) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  if (status === null) return null;
  const { server, since, proxy } = status.network;
  return (
    <>
      {contact.kind !== 'connected' && heardAt !== null ? (
        <span>{t('stale.note', { time: formats.moment(heardAt, nowMs) })}</span>
      ) : null}
      {server === null ? null : (
        <span>
          {t('footer.server', { server })}
          {proxy === null ? '' : `, ${t('footer.proxy', { proxy })}`} (
          {t('network.since', { time: formats.moment(since, nowMs) })})
        </span>
      )}
      {status.security === 'enrolled' ? <span>{t('security.enrolled')}</span> : null}
      {status.security === 'open-loopback' ? <span>{t('security.openLoopback')}</span> : null}
      <span>{t('footer.version', { version: status.appVersion })}</span>
    </>
  );
}
