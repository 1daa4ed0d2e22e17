import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { useNow } from '../../ui/use-now.ts';
import type { Result } from './judge-desk.ts';
import { toneOf } from './large-result.tsx';
import { OutcomeShape } from './outcome-shape.tsx';
import type { VerdictWords } from './verdict-words.ts';

const ROW_PX = 44;

interface ResultListProps {
  readonly results: readonly Result[];
  readonly shown: Result | null;
  readonly wordsOf: (result: Result) => VerdictWords;
  readonly onChoose: (result: Result) => void;
}

/** All results, newest first; only the rows in view are drawn. */
export function ResultList({ results, shown, wordsOf, onChoose }: ResultListProps) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  const box = useRef<HTMLDivElement>(null);
  const scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const rows = useVirtualizer({
    count: results.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX * scale,
    overscan: 8,
    getItemKey: (index) => results[index]!.number,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows grow with the text, which the list cannot see
  useEffect(() => rows.measure(), [scale, rows]);
  return (
    <div className="results" ref={box}>
      <ul aria-label={t('judge.list')} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ key, index, start }) => {
          const result = results[index]!;
          const { item, at } = result;
          const { outcome, word, more } = wordsOf(result);
          return (
            <li
              key={key}
              aria-setsize={results.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)`, height: ROW_PX * scale }}
            >
              <button
                type="button"
                className="results__row"
                data-tone={toneOf(outcome)}
                aria-pressed={result.number === shown?.number}
                onClick={() => onChoose(result)}
              >
                <span className="results__word">
                  <OutcomeShape outcome={outcome} /> {word}
                </span>
                <span className="results__name">
                  {item.line === null ? item.name : t('judge.line', { name: item.name, line: item.line })}
                </span>
                <span className="results__more">{more}</span>
                <time className="results__time" dateTime={at}>
                  {formats.moment(at, nowMs)}
                </time>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
