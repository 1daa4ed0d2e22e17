import type { Session, WebContents } from 'electron';
import { FAILED_PAGE_ADDRESS, isMadeByOurPage, isOurPage, PAGE_ADDRESS } from './page-address.ts';

/** Copying the set-up command is all a page may do beyond showing itself. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write';

/** Refuses every permission but the one above: camera, notifications, devices, and every download but a page's own table. */
export function lockPermissions(session: Session): void {
  session.setPermissionRequestHandler((_, permission, decide, { requestingUrl }) =>
    decide(permission === ALLOWED_PERMISSION && isOurPage(requestingUrl)),
  );
  session.setPermissionCheckHandler(
    (_, permission, origin) => permission === ALLOWED_PERMISSION && isOurPage(origin),
  );
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event, item) => {
    // A table that the page itself has written: the system asks where to, and a person answers.
    if (!isMadeByOurPage(item.getURL()) || item.getMimeType() !== 'text/csv') event.preventDefault();
  });
}

/** Keeps a window on its page: no navigation but back from the page of failure, no new windows, no embedded pages. */
export function lockNavigation(contents: WebContents): void {
  contents.on('will-frame-navigate', (event) => {
    const isWayBack = contents.getURL() === FAILED_PAGE_ADDRESS && event.url === PAGE_ADDRESS;
    if (!isWayBack) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
