import { Anchor } from '@mantine/core';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import { addressOf } from '../place.ts';
import { useUpdate } from '../use-update.ts';
import { WentBackNotice } from '../went-back-notice.tsx';

/** That a new version is ready, or that this PC went back to an older one; quiet otherwise, and in a browser. */
export function UpdateNotice() {
  const { t } = useLanguage();
  const bridge = window.genba;
  const report = useUpdate();
  if (bridge === undefined || report === null) return null;
  const { update, wentBack } = report;
  return (
    <>
      {wentBack === null ? null : <WentBackNotice bridge={bridge} wentBack={wentBack} />}
      {update.state === 'ready' ? (
        <section className="notice" data-tone="good" aria-label={t('update.title')}>
          <ToneIcon tone="good" />
          <p className="break">
            {t('update.hint', { version: update.version })}{' '}
            <Anchor href={addressOf('settings')}>{t('update.hint.where')}</Anchor>
          </p>
        </section>
      ) : null}
    </>
  );
}
