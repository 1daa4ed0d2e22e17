import { Button } from '@mantine/core';
import i18next from 'i18next';
import { useLanguage } from './i18n/use-language.ts';

/** Long enough to read it and to reach the button by keyboard; it waits while pointed at. */
const SHOWN_MS = 15_000;

/** What may have been done, as keys of sentences: the language may be switched while the notice is there. */
export type DoneSentence =
  | 'first.done'
  | 'folder.changed'
  | 'handed.done'
  | 'judge.cleared'
  | 'model.choose.done'
  | 'settings.saved'
  | 'strict.done'
  | 'watch.started'
  | 'watch.stopped'
  | 'way.willMeasure';

/** What takes it back. */
type UndoSentence =
  | 'judge.cleared.undo'
  | 'model.choose.undo'
  | 'settings.undo'
  | 'strict.undo'
  | 'watch.stopped.undo';

interface DoneNotice {
  readonly message: DoneSentence;
  readonly undo?: { readonly label: UndoSentence; readonly run: () => void };
}

/** Says in passing that something was done, and offers to take it back. The code for that comes when it is needed. */
export async function notifyDone(notice: DoneNotice): Promise<void> {
  const { notifications } = await import('@mantine/notifications');
  const id = notifications.show({
    autoClose: SHOWN_MS,
    withBorder: true,
    color: 'pine',
    closeButtonProps: { 'aria-label': i18next.t('action.dismiss') },
    message: <Done {...notice} hide={() => notifications.hide(id)} />,
  });
}

function Done({ message, undo, hide }: DoneNotice & { readonly hide: () => void }) {
  const { t } = useLanguage();
  return (
    <span className="done-notice">
      {t(message)}
      {undo === undefined ? null : (
        <Button
          size="compact-sm"
          variant="light"
          onClick={() => {
            hide();
            undo.run();
          }}
        >
          {t(undo.label)}
        </Button>
      )}
    </span>
  );
}
