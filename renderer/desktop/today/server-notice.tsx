import type { AgentNotice, AgentStatus } from '@genba/shared/local-api/messages';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import { useNow } from '../../ui/use-now.ts';

const SENTENCES = {
  'start-asked': 'notice.startAsked',
  'update-asked': 'notice.updateAsked',
  restarted: 'notice.restarted',
  'server-full': 'notice.serverFull',
} as const satisfies Record<AgentNotice, string>;

/** What the aggregator has asked for out of the ordinary. Nobody has to do anything at this PC. */
export function ServerNotice({ notice }: Pick<AgentStatus, 'notice'>) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  if (notice === null) return null;
  return (
    <section className="notice" data-tone="waiting" aria-label={t('notice.title')}>
      <ToneIcon tone="waiting" />
      <div className="break">
        <p className="notice__title">{t(SENTENCES[notice.kind])}</p>
        <p className="soft">
          <time dateTime={notice.at}>{formats.moment(notice.at, nowMs)}</time>
        </p>
      </div>
    </section>
  );
}
