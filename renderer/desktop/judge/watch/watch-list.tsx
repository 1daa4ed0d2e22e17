import type { WatchStatus } from '@genba/shared/local-api/watches';
import { useLanguage } from '../../../ui/i18n/use-language.ts';
import { toneOf } from '../large-result.tsx';
import { OutcomeShape } from '../outcome-shape.tsx';
import { useVerdictWords } from '../verdict-words.ts';
import { nameOfPath } from './watch-name.ts';

interface WatchListProps {
  readonly watches: readonly WatchStatus[];
  /** The one that stands there large. */
  readonly shown: WatchStatus;
  readonly onChoose: (watch: WatchStatus) => void;
}

/** All that is watched, each with its newest result; one of them is shown large. */
export function WatchList({ watches, shown, onChoose }: WatchListProps) {
  const { t, formats } = useLanguage();
  const wordsOf = useVerdictWords();
  return (
    <ul className="watch__list" aria-label={t('watch.list')}>
      {watches.map((watch) => {
        const { path, recent, problem, counts } = watch;
        const [newest] = recent;
        const words = newest === undefined ? null : wordsOf(newest.item);
        const tone = problem !== null ? 'attention' : words === null ? 'paused' : toneOf(words.outcome);
        return (
          <li key={path}>
            <button
              type="button"
              className="results__row"
              data-tone={tone}
              aria-pressed={path === shown.path}
              onClick={() => onChoose(watch)}
            >
              <span className="results__word">
                {problem !== null ? (
                  t('watch.list.problem')
                ) : words === null ? (
                  t('watch.list.waiting')
                ) : (
                  <>
                    <OutcomeShape outcome={words.outcome} /> {words.word}
                  </>
                )}
              </span>
              <span className="results__name">{nameOfPath(path)}</span>
              <span className="results__more">{path}</span>
              <span className="results__time">
                {t('judge.counts', { ok: formats.count(counts.ok), ng: formats.count(counts.ng) })}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
