import { type ReactNode, Suspense } from 'react';
import { ErrorBoundary } from './error-boundary.tsx';
import { useLanguage } from './i18n/use-language.ts';
import { ErrorState } from './screen-states.tsx';

interface LaterProps {
  /** Made by `lazy`. */
  readonly children: ReactNode;
  /** Stands there until it has come; nothing when left out. */
  readonly before?: ReactNode;
  /** Stands there when it cannot be had; words and a way to try again when left out. */
  readonly instead?: ReactNode;
}

/**
 * A part whose code is fetched after the page's own. Where whoever serves it is gone by then, the rest of the page stays,
 * which says so; without this, React would take the whole page away.
 */
export function Later({ children, before = null, instead = <MissingPart /> }: LaterProps) {
  return (
    <ErrorBoundary instead={instead}>
      <Suspense fallback={before}>{children}</Suspense>
    </ErrorBoundary>
  );
}

/** A browser does not fetch the same code a second time after a failure, so the page begins anew. */
function MissingPart() {
  const { t } = useLanguage();
  return <ErrorState text={t('part.missing')} onRetry={() => window.location.reload()} />;
}
