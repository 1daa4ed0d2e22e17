import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { JudgedItem } from '@genba/shared/local-api/judging';
import { type Outcome, outcomeOf } from '@genba/shared/local-api/outcome';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { CERTAINTY_SENTENCES, certaintyOf } from '../certainty.ts';

/** A result in words. */
export interface VerdictWords {
  readonly outcome: Outcome;
  /** The one word that is read from two metres away. */
  readonly word: string;
  /** How sure, by how much, or why not. */
  readonly more: string;
}

/** Says results in the language in use. */
export function useVerdictWords(): (item: JudgedItem) => VerdictWords {
  const { t, formats, language } = useLanguage();
  return (item) => {
    const outcome = outcomeOf(item);
    const { verdict, problem } = item;
    switch (verdict?.kind) {
      case undefined:
        return {
          outcome,
          word: t('judge.unjudged'),
          more: problem === null ? '' : ERROR_CATALOGUE[problem.code][language],
        };
      case 'class': {
        const { className: name, certainty } = verdict;
        const share = formats.wholePercent(certainty);
        const more = t(CERTAINTY_SENTENCES[certaintyOf(certainty)], { name, share });
        return { outcome, word: wordOf(outcome, name), more };
      }
      case 'number':
        return { outcome, word: `${formats.decimal(verdict.value)} ${verdict.unit}`.trim(), more: '' };
      case 'anomaly': {
        const { score, threshold, className } = verdict;
        const values = { score: formats.decimal(score), threshold: formats.decimal(threshold ?? 0) };
        return {
          outcome,
          word: wordOf(outcome, className ?? t('judge.noThreshold')),
          more: t(threshold === null ? 'judge.score' : 'judge.score.of', values),
        };
      }
    }
  };

  function wordOf(outcome: Outcome, name: string): string {
    if (outcome === 'ok') return t('judge.ok');
    return outcome === 'ng' ? t('judge.ng') : name;
  }
}
