import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { GenbaBridge, LogBundleResult } from '@genba/shared/local-api/window';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LoadingState } from '../../ui/screen-states.tsx';

/** The log bundle for IT, which only the desktop shell can write. */
export function HelpCard({ bridge }: { readonly bridge: GenbaBridge }) {
  const { t, language } = useLanguage();
  const [isWriting, setIsWriting] = useState(false);
  const [result, setResult] = useState<LogBundleResult | null>(null);
  const write = async () => {
    setIsWriting(true);
    setResult(null);
    setResult(
      await bridge.saveLogBundle().catch(() => ({ state: 'failed', problem: 'internal/bug' }) as const),
    );
    setIsWriting(false);
  };
  return (
    <Card title={t('help.title')} width="half">
      <div className="form">
        <p className="soft">{t('help.bundle.note')}</p>
        <Button variant="default" disabled={isWriting} onClick={() => void write()}>
          {t('help.bundle')}
        </Button>
        {isWriting ? <LoadingState text={t('help.bundle.writing')} /> : null}
        <p role="status" className="break">
          {result?.state === 'saved' ? t('help.bundle.saved', { path: result.path }) : null}
        </p>
        <p role="alert" className="soft">
          {result?.state === 'failed'
            ? t('help.bundle.failed', { reason: ERROR_CATALOGUE[result.problem][language] })
            : null}
        </p>
      </div>
    </Card>
  );
}
