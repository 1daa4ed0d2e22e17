import { Button } from '@mantine/core';
import { lazy, useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { Later } from '../../ui/later.tsx';
import { LoadingState } from '../../ui/screen-states.tsx';
import type { AgentClient } from '../agent-client.ts';
import { useStatus } from '../use-status.ts';

const LicenceList = lazy(async () => ({ default: (await import('./licence-list.tsx')).LicenceList }));

/** Which Genba this is, and whose work is in it. */
export function AboutCard({ client }: { readonly client: AgentClient }) {
  const { t, language } = useLanguage();
  const appVersion = useStatus(client, (status) => status.appVersion);
  const clientId = useStatus(client, (status) => status.clientId);
  const task = useStatus(client, (status) => status.task);
  const [isOpen, setIsOpen] = useState(false);
  const versions = window.genba?.versions;
  return (
    <Card title={t('about.title')} width={versions === undefined ? 'half' : 'full'}>
      <div className="form">
        <dl className="facts">
          <dt>{t('about.version')}</dt>
          <dd>{appVersion}</dd>
          {versions === undefined ? null : (
            <>
              <dt>{t('about.electron')}</dt>
              <dd>{versions.electron}</dd>
              <dt>{t('about.browser')}</dt>
              <dd>{versions.chrome}</dd>
            </>
          )}
          {task === null ? null : (
            <>
              <dt>{t('about.task')}</dt>
              <dd>{task.name[language]}</dd>
            </>
          )}
          <dt>{t('about.client')}</dt>
          <dd>{clientId}</dd>
        </dl>
        <p className="soft">{t('about.licence')}</p>
        <Button variant="default" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {t('licences.open')}
        </Button>
        {isOpen ? (
          <Later before={<LoadingState text={t('licences.loading')} />}>
            <LicenceList />
          </Later>
        ) : null}
      </div>
    </Card>
  );
}
