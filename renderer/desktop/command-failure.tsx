import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { useLanguage } from '../ui/i18n/use-language.ts';
import type { CommandOutcome } from './agent-view.ts';

/** Why what somebody asked for was not done; says nothing of what was, and of what nobody has answered yet (null). */
export function CommandFailure({ outcome }: { readonly outcome: CommandOutcome | null }) {
  const { t, language } = useLanguage();
  return (
    <p role="alert" className="soft">
      {outcome?.kind === 'refused'
        ? t('action.failed', { reason: ERROR_CATALOGUE[outcome.code][language] })
        : null}
      {outcome?.kind === 'unanswered' ? t('action.failed', { reason: t('action.unanswered') }) : null}
    </p>
  );
}
