import { Button, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { useLanguage } from './i18n/use-language.ts';
import { ToneIcon } from './icons.tsx';

interface EmptyStateProps {
  readonly text: string;
  /** What to do about it, such as a button. */
  readonly children?: ReactNode;
}

/** That there is nothing yet, and what will change that. */
export function EmptyState({ text, children }: EmptyStateProps) {
  return (
    <div className="empty">
      <p>{text}</p>
      {children}
    </div>
  );
}

interface LoadingStateProps {
  /** What is being waited for; unnamed where it takes no time worth a word. */
  readonly text?: string;
  /** A way to break it off, where there is one. */
  readonly children?: ReactNode;
}

/** That something is on its way. */
export function LoadingState({ text, children }: LoadingStateProps) {
  const { t } = useLanguage();
  return (
    <div className="empty" role="status">
      <Loader size="sm" aria-hidden="true" />
      <p>{text ?? t('screen.loading')}</p>
      {children}
    </div>
  );
}

interface ErrorStateProps {
  /** What went wrong and what to do. */
  readonly text: string;
  readonly detail?: string | null;
  readonly onRetry?: () => void;
}

/** That something failed, in words, with what IT needs and a way to try again. */
export function ErrorState({ text, detail, onRetry }: ErrorStateProps) {
  const { t } = useLanguage();
  return (
    <div className="notice" data-tone="stopped" role="alert">
      <ToneIcon tone="stopped" />
      <div className="break">
        <p className="notice__title">{text}</p>
        {detail === null || detail === undefined ? null : <p className="soft">{detail}</p>}
        {onRetry === undefined ? null : (
          <Button variant="default" mt="xs" onClick={onRetry}>
            {t('action.retry')}
          </Button>
        )}
      </div>
    </div>
  );
}

/** For a screen that fell over: the rest of the window works, and opening it anew usually helps. */
export function BrokenState() {
  const { t } = useLanguage();
  return <ErrorState text={t('screen.broken')} onRetry={() => window.location.reload()} />;
}
