import { Button, Kbd } from '@mantine/core';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { DeskView } from './label-desk.ts';

interface UndoButtonProps {
  readonly own: DeskView['own'];
  readonly others: DeskView['others'];
  readonly isDisabled: boolean;
  readonly onUndo: () => void;
}

/** Takes the newest own label back, and says which that is; or whose the newest one is. */
export function UndoButton({ own, others, isDisabled, onUndo }: UndoButtonProps) {
  const { t } = useLanguage();
  return (
    <div>
      <Button
        fullWidth
        variant="default"
        disabled={isDisabled || own === null}
        leftSection={<Kbd aria-hidden="true">Z</Kbd>}
        justify="start"
        aria-keyshortcuts="Z Control+Z Backspace"
        onClick={onUndo}
      >
        {t('label.undo')}
      </Button>
      {own === null ? null : (
        <p className="soft break">
          {t('label.undo.what', { name: own.name, className: own.className, who: own.labelledBy })}
        </p>
      )}
      {others === null ? null : (
        <p className="soft break">
          {t('label.undo.others', {
            name: others.name,
            className: others.className,
            who: others.labelledBy,
          })}
        </p>
      )}
    </div>
  );
}
