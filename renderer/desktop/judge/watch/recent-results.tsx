import type { WatchedResult } from '@genba/shared/local-api/watches';
import { useLanguage } from '../../../ui/i18n/use-language.ts';
import { toneOf } from '../large-result.tsx';
import { OutcomeShape } from '../outcome-shape.tsx';
import { useVerdictWords } from '../verdict-words.ts';

/** The newest results of a watch, the newest first. */
export function RecentResults({ recent }: { readonly recent: readonly WatchedResult[] }) {
  const { t, formats } = useLanguage();
  const wordsOf = useVerdictWords();
  return (
    <ul className="watch__recent" aria-label={t('watch.recent')}>
      {recent.map(({ item, at }) => {
        const { outcome, word, more } = wordsOf(item);
        const { name, line, series } = item;
        return (
          <li key={`${at} ${name} ${line} ${series}`} data-tone={toneOf(outcome)}>
            <span className="results__word">
              <OutcomeShape outcome={outcome} /> {word}
            </span>
            <span className="results__name">{line === null ? name : t('judge.line', { name, line })}</span>
            <span className="results__more">{more}</span>
            <time className="results__time" dateTime={at}>
              {formats.clock(at)}
            </time>
          </li>
        );
      })}
    </ul>
  );
}
