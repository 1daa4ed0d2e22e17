import type { Outcome } from '@genba/shared/local-api/outcome';
import { type ReactNode, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { Result } from './judge-desk.ts';
import { OutcomeShape } from './outcome-shape.tsx';
import type { VerdictWords } from './verdict-words.ts';

/** So many signs fit in one line at full size. */
const SHORT_WORD = 4;

interface LargeResultProps {
  /** What this is the result of; for who cannot see where it stands. */
  readonly label: string;
  readonly result: Pick<Result, 'item' | 'picture'>;
  readonly words: VerdictWords;
  /** More about it. */
  readonly children?: ReactNode;
}

/** One result, to be read from two metres away: by its word, its colour and its shape. */
export function LargeResult({ label, result, words, children }: LargeResultProps) {
  const { t } = useLanguage();
  const { item, picture } = result;
  const { outcome, word, more } = words;
  const where = item.line === null ? item.name : t('judge.line', { name: item.name, line: item.line });
  return (
    <section className="verdict" data-tone={TONES[outcome]} aria-label={label}>
      {picture === null ? null : (
        <SeenPicture source={picture} alt={t('judge.picture.alt', { name: item.name })} />
      )}
      <div className="verdict__said" role="status">
        <p className={word.length <= SHORT_WORD ? 'verdict__word' : 'verdict__word verdict__word--long'}>
          <OutcomeShape outcome={outcome} />
          <span>{word}</span>
        </p>
        {more === '' ? null : <p className="verdict__more">{more}</p>}
        <p className="break">{where}</p>
        {children}
      </div>
    </section>
  );
}

/** A picture that may be gone by now: then there is none, instead of a broken one. */
function SeenPicture({ source, alt }: { readonly source: string; readonly alt: string }) {
  const [missing, setMissing] = useState<string | null>(null);
  if (missing === source) return null;
  return <img className="verdict__picture" src={source} alt={alt} onError={() => setMissing(source)} />;
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
