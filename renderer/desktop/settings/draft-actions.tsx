import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';

interface DraftActionsProps {
  /** What adds to the draft; before the others. */
  readonly children: ReactNode;
  /** Whether there is anything to be saved. */
  readonly isChanged: boolean;
  readonly canSave: boolean;
  readonly saveLabel: string;
  readonly onDiscard: () => void;
  readonly outcome: CommandOutcome | null;
}

/** The end of a form that keeps a draft: saves it, or gives it up; and why it could not be saved. */
export function DraftActions({
  children,
  isChanged,
  canSave,
  saveLabel,
  onDiscard,
  outcome,
}: DraftActionsProps) {
  const { t } = useLanguage();
  return (
    <>
      <div className="actions">
        {children}
        {isChanged ? (
          <>
            <Button type="submit" disabled={!canSave}>
              {saveLabel}
            </Button>
            <Button variant="subtle" onClick={onDiscard}>
              {t('plan.discard')}
            </Button>
          </>
        ) : null}
      </div>
      <CommandFailure outcome={outcome} />
    </>
  );
}
