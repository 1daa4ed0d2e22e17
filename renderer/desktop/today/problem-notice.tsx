import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';

/** The problem that still stands, in words, with its code for whoever is called to help. */
export function ProblemNotice({ problem, phase }: Pick<AgentStatus, 'problem' | 'phase'>) {
  const { t, language } = useLanguage();
  if (problem === null) return null;
  const { code, detail } = problem;
  const tone = phase === 'failed' ? 'stopped' : 'attention';
  return (
    <section className="notice" data-tone={tone} aria-label={t('problem.title')}>
      <ToneIcon tone={tone} />
      <div className="break">
        {/* When all has stopped, the banner carries the sentence; here only what to tell IT. */}
        <p className="notice__title">
          {phase === 'failed' ? t('problem.title') : ERROR_CATALOGUE[code][language]}
        </p>
        <p className="soft">
          {detail === null ? t('problem.detail', { code }) : t('problem.detailText', { code, detail })}
        </p>
      </div>
    </section>
  );
}
