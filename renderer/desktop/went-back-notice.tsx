import type { WentBack } from '@genba/shared/local-api/app-update';
import type { GenbaBridge } from '@genba/shared/local-api/window';
import { Button } from '@mantine/core';
import { useLanguage } from '../ui/i18n/use-language.ts';
import { ToneIcon } from '../ui/icons.tsx';
import { useNow } from '../ui/use-now.ts';

interface WentBackNoticeProps {
  readonly bridge: GenbaBridge;
  readonly wentBack: WentBack;
}

/** That a new version did not start and the one before is back. Gone once a person says that this is known. */
export function WentBackNotice({ bridge, wentBack: { from, to, at } }: WentBackNoticeProps) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  return (
    <section className="notice" data-tone="attention" aria-label={t('update.title')}>
      <ToneIcon tone="attention" />
      <div className="break">
        <p className="notice__title">{t('update.wentBack', { from, to, time: formats.moment(at, nowMs) })}</p>
        <p className="soft">{t('update.wentBack.note', { from })}</p>
        <Button variant="default" mt="xs" onClick={() => void bridge.acknowledgeUpdate()}>
          {t('update.known')}
        </Button>
      </div>
    </section>
  );
}
