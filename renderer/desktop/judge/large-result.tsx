import type { Outcome } from '@genba/shared/local-api/outcome';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { Result } from './judge-desk.ts';
import { OutcomeShape } from './outcome-shape.tsx';
import type { VerdictWords } from './verdict-words.ts';

/** So many signs fit in one line at full size. */
const SHORT_WORD = 4;

interface LargeResultProps {
  readonly result: Result;
  readonly words: VerdictWords;
}

/** One result, to be read from two metres away: by its word, its colour and its shape. */
export function LargeResult({ result: { item, picture }, words: { outcome, word, more } }: LargeResultProps) {
  const { t } = useLanguage();
  const where = item.line === null ? item.name : t('judge.line', { name: item.name, line: item.line });
  return (
    <section className="verdict" data-tone={TONES[outcome]} aria-label={t('judge.result')}>
      {picture === null ? null : (
        <img className="verdict__picture" src={picture} alt={t('judge.picture.alt', { name: item.name })} />
      )}
      <div className="verdict__said" role="status">
        <p className={word.length <= SHORT_WORD ? 'verdict__word' : 'verdict__word verdict__word--long'}>
          <OutcomeShape outcome={outcome} />
          <span>{word}</span>
        </p>
        {more === '' ? null : <p className="verdict__more">{more}</p>}
        <p className="break">{where}</p>
      </div>
    </section>
  );
}

const TONES = {
  ok: 'good',
  ng: 'stopped',
  named: 'waiting',
  unjudged: 'attention',
} as const satisfies Record<Outcome, string>;

/** The colours of a result. */
export function toneOf(outcome: Outcome): (typeof TONES)[Outcome] {
  return TONES[outcome];
}
