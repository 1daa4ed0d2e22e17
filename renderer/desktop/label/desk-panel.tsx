import { Button, Kbd } from '@mantine/core';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { CERTAINTY_SENTENCES, certaintyOf } from '../certainty.ts';
import { ClassButtons } from './class-buttons.tsx';
import type { DeskView } from './label-desk.ts';

interface DeskPanelProps {
  readonly view: DeskView;
  readonly isDisabled: boolean;
  readonly onClass: (className: string) => void;
  readonly onUndo: () => void;
  readonly onNext: () => void;
  readonly onPrevious: () => void;
}

/** What can be said of the picture on the desk: the same by button as by key. */
export function DeskPanel({ view, isDisabled, onClass, onUndo, onNext, onPrevious }: DeskPanelProps) {
  const { t, formats } = useLanguage();
  const { current, classes, last } = view;
  const suggestion = current?.suggestion ?? null;
  return (
    <div className="desk__panel">
      {suggestion === null ? (
        <p className="soft">{t('label.suggestion.none')}</p>
      ) : (
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
      )}
      <ClassButtons
        classes={classes}
        suggested={suggestion?.className ?? null}
        isDisabled={isDisabled || current === null}
        onClass={onClass}
      />
      <div className="desk__moves">
        <Button variant="default" disabled={isDisabled} onClick={onPrevious} aria-keyshortcuts="ArrowLeft">
          <Kbd aria-hidden="true">←</Kbd>&ensp;{t('label.previous')}
        </Button>
        <Button variant="default" disabled={isDisabled} onClick={onNext} aria-keyshortcuts="ArrowRight">
          <Kbd aria-hidden="true">→</Kbd>&ensp;{t('label.next')}
        </Button>
      </div>
      <UndoButton last={last} isDisabled={isDisabled} onUndo={onUndo} />
    </div>
  );
}

interface UndoButtonProps {
  readonly last: DeskView['last'];
  readonly isDisabled: boolean;
  readonly onUndo: () => void;
}

/** Takes the newest label back, and says which that is. */
export function UndoButton({ last, isDisabled, onUndo }: UndoButtonProps) {
  const { t } = useLanguage();
  return (
    <div>
      <Button
        fullWidth
        variant="default"
        disabled={isDisabled || last === null}
        leftSection={<Kbd aria-hidden="true">Z</Kbd>}
        justify="start"
        aria-keyshortcuts="Z Control+Z Backspace"
        onClick={onUndo}
      >
        {t('label.undo')}
      </Button>
      {last === null ? null : (
        <p className="soft break">
          {t('label.undo.what', { name: last.name, className: last.className, who: last.labelledBy })}
        </p>
      )}
    </div>
  );
}
