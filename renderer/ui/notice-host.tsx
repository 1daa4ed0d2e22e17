import '@mantine/notifications/styles.css';
import { Notifications } from '@mantine/notifications';

/** Where `notifyDone` shows what was done; loaded after the rest of the window. */
export function NoticeHost() {
  return <Notifications position="bottom-right" limit={3} />;
}
