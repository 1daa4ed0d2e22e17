import type { ReactNode } from 'react';
import { useLanguage } from './i18n/use-language.ts';
import { ToneIcon } from './icons.tsx';
import type { Tone } from './tone.ts';

interface StateBannerProps {
  readonly tone: Tone;
  readonly headline: string;
  readonly next: string;
  /** Shown at the end of the banner, outside what is read out on change. */
  readonly children?: ReactNode;
}

/** The state in one sentence: colour, icon and words say the same; a change is read out. */
export function StateBanner({ tone, headline, next, children }: StateBannerProps) {
  const { t } = useLanguage();
  return (
    <section className="banner" data-tone={tone} aria-label={t('state.label')}>
      <span className="banner__icon">
        <ToneIcon tone={tone} size="1.875rem" />
      </span>
      <div role="status">
        {/* The moment it is painted is when the window is of use: the benchmark asks the browser for it. */}
        <p className="banner__headline" {...{ elementtiming: 'state' }}>
          {headline}
        </p>
        <p className="banner__next">{next}</p>
      </div>
      {children === undefined ? null : <div className="banner__end">{children}</div>}
    </section>
  );
}
