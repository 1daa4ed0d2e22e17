import { MantineProvider } from '@mantine/core';
import { lazy, useEffect, useRef, useSyncExternalStore } from 'react';
import { useLanguage } from '../ui/i18n/use-language.ts';
import { GenbaMark } from '../ui/icons.tsx';
import { LanguageSwitch } from '../ui/language-switch.tsx';
import { Later } from '../ui/later.tsx';
import { NetworkBadge } from '../ui/network-badge.tsx';
import { BrokenState, LoadingState } from '../ui/screen-states.tsx';
import { SkipLink } from '../ui/skip-link.tsx';
import { StateBanner } from '../ui/state-banner.tsx';
import { theme } from '../ui/theme.ts';
import type { AgentClient } from './agent-client.ts';
import { ContactNotice, useStateSentence } from './contact-notice.tsx';
import { HandedInvitation } from './handed/handed-invitation.tsx';
import { Navigation } from './navigation.tsx';
import { usePlace } from './place.ts';
import { SCREENS } from './screens.tsx';
import { WindowFooter } from './window-footer.tsx';

const NoticeHost = lazy(async () => ({ default: (await import('../ui/notice-host.tsx')).NoticeHost }));

/** The plant's window: its name, the way to every screen, and the screen one is on. */
export function WindowFrame({ client }: { readonly client: AgentClient }) {
  const hasStatus = useSyncExternalStore(client.subscribe, () => client.view().status !== null);
  return (
    <MantineProvider theme={theme} forceColorScheme="light">
      <div className="page">
        <SkipLink />
        <WindowHeader client={client} />
        <div className="frame">
          {hasStatus ? <Navigation /> : null}
          <main id="content" tabIndex={-1}>
            {hasStatus ? <CurrentScreen client={client} /> : <BeforeStatus client={client} />}
          </main>
        </div>
        <footer className="page-footer">
          <WindowFooter client={client} />
        </footer>
      </div>
      {hasStatus ? <HandedInvitation client={client} /> : null}
      <Later instead={null}>
        <NoticeHost />
      </Later>
    </MantineProvider>
  );
}

function WindowHeader({ client }: { readonly client: AgentClient }) {
  const { t, language } = useLanguage();
  const plantName = useSyncExternalStore(client.subscribe, () => client.view().status?.plantName ?? null);
  const task = useSyncExternalStore(client.subscribe, () => client.view().status?.task ?? null);
  const network = useSyncExternalStore(client.subscribe, () => {
    const { status, contact } = client.view();
    // A PC that is not set up yet has no network to lose.
    const isSetUp = status !== null && status.phase !== 'unconfigured';
    return contact.kind === 'connected' && isSetUp ? status.network.state : null;
  });
  return (
    <header className="page-header">
      <span className="page-header__mark">
        <GenbaMark size="2rem" />
      </span>
      <div>
        <p className="page-header__plant">{plantName ?? t('app.noPlant')}</p>
        {task === null ? null : <p className="page-header__task">{task.name[language]}</p>}
      </div>
      <div className="page-header__end">
        {network === null ? null : <NetworkBadge state={network} />}
        <LanguageSwitch />
      </div>
    </header>
  );
}

/** The screen of the place, its heading first: that is where one arrives with the keyboard, too. */
function CurrentScreen({ client }: { readonly client: AgentClient }) {
  const { t } = useLanguage();
  const place = usePlace();
  const entry = SCREENS.find((candidate) => candidate.place === place) ?? SCREENS[0]!;
  const { Screen } = entry;
  const name = t(entry.label);
  const plantName = useSyncExternalStore(client.subscribe, () => client.view().status?.plantName ?? '');
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(entry.place);
  useEffect(() => {
    document.title = `${name} – ${plantName} – ${t('app.name')}`;
  }, [name, plantName, t]);
  useEffect(() => {
    if (shown.current === entry.place) return;
    shown.current = entry.place;
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [entry.place]);
  return (
    <>
      <h1
        ref={heading}
        tabIndex={-1}
        className={entry.place === 'today' ? 'screen-title visually-hidden' : 'screen-title'}
      >
        {name}
      </h1>
      {entry.place === 'today' ? null : <ContactNotice client={client} />}
      <Later key={entry.place} before={<LoadingState />} instead={<BrokenState />}>
        <Screen client={client} />
      </Later>
    </>
  );
}

function BeforeStatus({ client }: { readonly client: AgentClient }) {
  const { t } = useLanguage();
  const state = useStateSentence(client);
  useEffect(() => {
    document.title = `${t('app.noPlant')} – ${t('app.name')}`;
  }, [t]);
  return (
    <>
      <h1 className="visually-hidden">{t('app.noPlant')}</h1>
      <StateBanner tone={state.tone} headline={state.headline} next={state.next} />
    </>
  );
}
