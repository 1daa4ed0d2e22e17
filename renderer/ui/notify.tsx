import { Button } from '@mantine/core';
import i18next from 'i18next';

/** Long enough to read it and to reach the button by keyboard; it waits while pointed at. */
const SHOWN_MS = 15_000;

interface DoneNotice {
  /** What was done. */
  readonly message: string;
  /** Takes it back. */
  readonly undo?: { readonly label: string; readonly run: () => void };
}

/** Says in passing that something was done, and offers to take it back. The code for that comes when it is needed. */
export async function notifyDone({ message, undo }: DoneNotice): Promise<void> {
  const { notifications } = await import('@mantine/notifications');
  const id = notifications.show({
    autoClose: SHOWN_MS,
    withBorder: true,
    color: 'pine',
    closeButtonProps: { 'aria-label': i18next.t('action.dismiss') },
    message: (
      <span className="done-notice">
        {message}
        {undo === undefined ? null : (
          <Button
            size="compact-sm"
            variant="light"
            onClick={() => {
              notifications.hide(id);
              undo.run();
            }}
          >
            {undo.label}
          </Button>
        )}
      </span>
    ),
  });
}
