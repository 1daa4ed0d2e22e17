import { Button, Kbd } from '@mantine/core';
import { memo } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { CERTAINTY_SENTENCES, certaintyOf } from '../certainty.ts';
import { ClassButtons } from './class-buttons.tsx';
import type { DeskView, LabelDesk } from './label-desk.ts';
import { UndoButton } from './undo-button.tsx';

interface DeskPanelProps {
  readonly desk: LabelDesk;
  readonly view: DeskView;
  readonly isDisabled: boolean;
}

/** What can be said of the picture on the desk: the same by button as by key. */
export function DeskPanel({ desk, view, isDisabled }: DeskPanelProps) {
  const suggestion = view.current?.suggestion ?? null;
  return (
    <div className="desk__panel">
      <SuggestionButton suggestion={suggestion} isDisabled={isDisabled} onClass={desk.label} />
      <ClassButtons
        classes={view.classes}
        suggested={suggestion?.className ?? null}
        isDisabled={isDisabled || view.current === null}
        onClass={desk.label}
      />
      <MoveButtons desk={desk} isDisabled={isDisabled} />
      <UndoButton own={view.own} others={view.others} isDisabled={isDisabled} onUndo={desk.undo} />
    </div>
  );
}

interface SuggestionButtonProps {
  readonly suggestion: NonNullable<DeskView['current']>['suggestion'];
  readonly isDisabled: boolean;
  readonly onClass: (className: string) => void;
}

const SuggestionButton = memo(function SuggestionButton({
  suggestion,
  isDisabled,
  onClass,
}: SuggestionButtonProps) {
  const { t, formats } = useLanguage();
  if (suggestion === null) return <p className="soft">{t('label.suggestion.none')}</p>;
  return (
    <Button
      fullWidth
      size="md"
      disabled={isDisabled}
      leftSection={<Kbd aria-hidden="true">Enter</Kbd>}
      justify="start"
      h="auto"
      py="0.4rem"
      aria-keyshortcuts="Enter"
      onClick={() => onClass(suggestion.className)}
      classNames={{ label: 'wrapping' }}
    >
      {t(CERTAINTY_SENTENCES[certaintyOf(suggestion.confidence)], {
        name: suggestion.className,
        share: formats.wholePercent(suggestion.confidence),
      })}
    </Button>
  );
});

const MoveButtons = memo(function MoveButtons({
  desk,
  isDisabled,
}: Pick<DeskPanelProps, 'desk' | 'isDisabled'>) {
  const { t } = useLanguage();
  return (
    <div className="desk__moves">
      <Button variant="default" disabled={isDisabled} onClick={desk.previous} aria-keyshortcuts="ArrowLeft">
        <Kbd aria-hidden="true">←</Kbd>&ensp;{t('label.previous')}
      </Button>
      <Button variant="default" disabled={isDisabled} onClick={desk.next} aria-keyshortcuts="ArrowRight">
        <Kbd aria-hidden="true">→</Kbd>&ensp;{t('label.next')}
      </Button>
    </div>
  );
});
