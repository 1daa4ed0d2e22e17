import { Button } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';

/** What to run once on a PC that does not know its data, and its aggregator only where it has enrolled. */
export function SetupCard({ isEnrolled }: { readonly isEnrolled: boolean }) {
  const { t } = useLanguage();
  const [isCopied, setIsCopied] = useState(false);
  const command = [
    'npm start --',
    ...(isEnrolled ? [] : [`--server ${t('setup.placeholder.server')}`]),
    `--dataset ${t('setup.placeholder.dataset')}`,
  ].join(' ');
  const enrolCommand = `npx genba-agent enrol "${t('setup.placeholder.invitation')}"`;
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    setIsCopied(true);
  };
  return (
    <Card title={t('setup.title')} width="full">
      <div className="command">
        <code>{command}</code>
        <Button variant="default" onClick={() => void copy().catch(() => setIsCopied(false))}>
          {isCopied ? t('setup.copied') : t('setup.copy')}
        </Button>
      </div>
      <p className="soft push-down">{t('setup.hint')}</p>
      {isEnrolled ? null : (
        <p className="soft push-down">
          {t('setup.invitation')} <code>{enrolCommand}</code>
        </p>
      )}
    </Card>
  );
}
