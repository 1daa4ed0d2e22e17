import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import { CALL_ARGUMENTS, type CallAnswers, type CallArguments, type WindowChannel } from './ipc-contract.ts';
import { isOurPage } from './page-address.ts';

/** What answers each call of the contract. */
export type Handlers = {
  readonly [Channel in WindowChannel]: (...args: CallArguments<Channel>) => Promise<CallAnswers[Channel]>;
};
type Sender = Pick<IpcMainInvokeEvent, 'senderFrame'>;

/** Whether a call comes from the main frame of one of our pages. */
export function isAllowedSender({ senderFrame }: Sender): boolean {
  // The frame is null when it has navigated away or was closed since it called.
  return senderFrame !== null && senderFrame.parent === null && isOurPage(senderFrame.url);
}

/**
 * Answers the calls of the contract. Calls from anywhere else, and calls with other arguments than the contract's, are
 * refused before the handler runs.
 */
export function registerHandlers(ipcMain: Pick<IpcMain, 'handle'>, handlers: Handlers): void {
  for (const channel of Object.keys(CALL_ARGUMENTS) as WindowChannel[]) {
    const answer = handlers[channel] as (...args: readonly unknown[]) => Promise<unknown>;
    ipcMain.handle(channel, (event, ...args: unknown[]) => {
      if (!isAllowedSender(event)) throw new Error(`Call of ${channel} from a foreign page refused.`);
      const proven = CALL_ARGUMENTS[channel].safeParse(args);
      if (!proven.success) throw new Error(`Call of ${channel} with wrong arguments refused.`);
      return answer(...proven.data);
    });
  }
}
