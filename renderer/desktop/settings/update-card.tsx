import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { AppUpdate, KeptByItReason } from '@genba/shared/local-api/app-update';
import type { GenbaBridge } from '@genba/shared/local-api/window';
import { Button, Progress } from '@mantine/core';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LoadingState } from '../../ui/screen-states.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useUpdate } from '../use-update.ts';
import { WentBackNotice } from '../went-back-notice.tsx';

const KEPT_BY_IT = {
  package: 'update.byIt.package',
  folder: 'update.byIt.folder',
  'not-writable': 'update.byIt.notWritable',
  system: 'update.byIt.system',
  service: 'update.byIt.service',
  source: 'update.byIt.source',
} as const satisfies Record<KeptByItReason, string>;

/** Whether there is a newer version of the program, how far it is, and the button that installs it. */
export function UpdateCard() {
  const { t } = useLanguage();
  const bridge = window.genba;
  return (
    <Card title={t('update.title')} width="half">
      {bridge === undefined ? (
        <p className="soft">{t('update.browser')}</p>
      ) : (
        <UpdateOfShell bridge={bridge} />
      )}
    </Card>
  );
}

function UpdateOfShell({ bridge }: { readonly bridge: GenbaBridge }) {
  const { t } = useLanguage();
  const report = useUpdate();
  if (report === null) return <LoadingState />;
  const { version, update, wentBack } = report;
  const mayLook = ['not-asked', 'current', 'stopped', 'failed'].includes(update.state);
  return (
    <div className="form">
      <dl className="facts">
        <dt>{t('update.version')}</dt>
        <dd>{version}</dd>
      </dl>
      {wentBack === null ? null : <WentBackNotice bridge={bridge} wentBack={wentBack} />}
      <Standing update={update} bridge={bridge} />
      {mayLook ? (
        <Button variant="default" onClick={() => void bridge.lookForUpdate()}>
          {t('update.look')}
        </Button>
      ) : null}
    </div>
  );
}

function Standing({ update, bridge }: { readonly update: AppUpdate; readonly bridge: GenbaBridge }) {
  const { t, language, formats } = useLanguage();
  const nowMs = useNow();
  switch (update.state) {
    case 'kept-by-it':
      return <p className="soft">{t(KEPT_BY_IT[update.reason])}</p>;
    case 'not-enrolled':
      return <p className="soft">{t('update.notEnrolled')}</p>;
    case 'not-asked':
      return <p className="soft">{t('update.notAsked')}</p>;
    case 'asking':
      return <LoadingState text={t('update.asking')} />;
    case 'current':
      return <p role="status">{t('update.current', { time: formats.moment(update.askedAt, nowMs) })}</p>;
    case 'fetching':
      return (
        <>
          <p role="status">{t('update.fetching', { version: update.version })}</p>
          <Progress
            value={update.share * 100}
            aria-label={t('update.progress')}
            aria-valuetext={formats.wholePercent(update.share)}
          />
          <Button variant="default" onClick={() => void bridge.stopUpdate()}>
            {t('update.stop')}
          </Button>
        </>
      );
    case 'stopped':
      return <p role="status">{t('update.stopped', { version: update.version })}</p>;
    case 'ready':
      return <Ready update={update} bridge={bridge} />;
    case 'installing':
      return <LoadingState text={t('update.installing', { version: update.version })} />;
    case 'failed':
      return (
        <p role="alert">
          {t('update.failed', { reason: ERROR_CATALOGUE[update.problem][language] })}{' '}
          <span className="soft">{update.problem}</span>
        </p>
      );
  }
}

interface ReadyProps {
  readonly update: Extract<AppUpdate, { state: 'ready' }>;
  readonly bridge: GenbaBridge;
}

function Ready({ update: { version, notes }, bridge }: ReadyProps) {
  const { t } = useLanguage();
  return (
    <>
      <p role="status">{t('update.ready', { version })}</p>
      {notes === null ? null : (
        <details>
          <summary>{t('update.notes', { version })}</summary>
          <p className="as-written break">{notes}</p>
        </details>
      )}
      <p className="soft">{t('update.ready.note')}</p>
      <Button onClick={() => void bridge.installUpdate()}>{t('update.install')}</Button>
    </>
  );
}
