import type { AgentStatus } from '@genba/shared/local-api/messages';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';

const SENTENCES = {
  disk: { low: 'disk.low', short: 'disk.short' },
  quota: { low: 'disk.low.quota', short: 'disk.short.quota' },
} as const;

/** That the disk is getting full, while there is still time; and how much is missing once there is not. */
export function DiskNotice({ disk }: Pick<AgentStatus, 'disk'>) {
  const { t, formats } = useLanguage();
  if (disk === null || disk.level === 'enough') return null;
  const { level, limit } = disk;
  const tone = level === 'low' ? 'attention' : 'stopped';
  const sizes = {
    free: formats.size(disk.freeBytes),
    used: formats.size(disk.usedBytes),
    quota: formats.size(disk.quotaBytes),
    needed: formats.size(disk.neededBytes),
  };
  return (
    <section className="notice" data-tone={tone} aria-label={t('disk.title')}>
      <ToneIcon tone={tone} />
      <p className="break notice__title">{t(SENTENCES[limit][level], sizes)}</p>
    </section>
  );
}
