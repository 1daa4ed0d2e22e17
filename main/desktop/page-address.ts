/** Our own protocol: pages get an origin of their own, and `file:` pages no power at all. */
export const PAGE_SCHEME = 'genba';
const PAGE_HOST = 'app';

/** The plant's window. */
export const PAGE_ADDRESS = `${PAGE_SCHEME}://${PAGE_HOST}/desktop/index.html`;

/** A page without a script, for when the window's own does not stand up. */
export const FAILED_PAGE_ADDRESS = `${PAGE_SCHEME}://${PAGE_HOST}/window-failed.html`;

/** Whether an address is one of our pages, and not merely one that looks like it. */
export function isOurPage(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, host, username, password } = new URL(address);
  return protocol === `${PAGE_SCHEME}:` && host === PAGE_HOST && username === '' && password === '';
}

/** Whether an address is of something that one of our pages has made itself, such as a table to be saved. */
export function isMadeByOurPage(address: string): boolean {
  return address.startsWith(`blob:${PAGE_SCHEME}://${PAGE_HOST}/`);
}
