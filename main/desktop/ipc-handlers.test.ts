import type { IpcMain, IpcMainInvokeEvent, WebFrameMain } from 'electron';
import { beforeEach, describe, expect, it } from 'vitest';
import { CALL_ARGUMENTS, type WindowChannel } from './ipc-contract.ts';
import { registerHandlers } from './ipc-handlers.ts';
import { PAGE_ADDRESS } from './page-address.ts';

type Frame = Pick<WebFrameMain, 'url' | 'parent'>;
type Listener = Parameters<IpcMain['handle']>[1];

const listeners = new Map<string, Listener>();
let asked: unknown[] = [];

beforeEach(() => {
  listeners.clear();
  asked = [];
  const note = async (...args: unknown[]) => {
    asked.push(args);
    return null;
  };
  registerHandlers(
    { handle: (channel, listener) => void listeners.set(channel, listener) },
    {
      'window/endpoint': async () => {
        asked.push([]);
        return { state: 'starting' };
      },
      'window/take-invitation': note,
      'window/choose-path': note,
      'window/choose-target': note,
      'window/save-log-bundle': async () => ({ state: 'cancelled' }),
      'window/update': async () => {
        asked.push([]);
        return { version: '0.1.0', update: { state: 'not-asked' }, wentBack: null };
      },
      'window/look-for-update': note,
      'window/stop-update': note,
      'window/install-update': note,
      'window/acknowledge-update': note,
      'window/set-language': note,
    },
  );
});

const OUR_FRAME = { url: PAGE_ADDRESS, parent: null };
const call = (senderFrame: Frame | null, channel: WindowChannel = 'window/endpoint', ...args: unknown[]) =>
  listeners.get(channel)?.({ senderFrame } as IpcMainInvokeEvent, ...args);

describe('registerHandlers', () => {
  it('admits the main frame of our page', async () => {
    expect(await call(OUR_FRAME)).toEqual({ state: 'starting' });
    expect(asked).toHaveLength(1);
  });

  it.each<[string, Frame | null]>([
    ['a foreign page', { url: 'https://example.com/', parent: null }],
    ['a frame inside our page', { url: PAGE_ADDRESS, parent: {} as WebFrameMain }],
    ['a frame that is gone', null],
  ])('refuses %s and asks nothing', (_, frame) => {
    expect(() => call(frame)).toThrow(/refused/);
    expect(asked).toEqual([]);
  });

  it('hands proven arguments on', async () => {
    await call(OUR_FRAME, 'window/choose-target', 'table', '台帳 2026-11.csv');
    await call(OUR_FRAME, 'window/set-language', 'ja');
    expect(asked).toEqual([['table', '台帳 2026-11.csv'], ['ja']]);
  });

  it.each<[WindowChannel, ...unknown[]]>([
    ['window/endpoint', 'more'],
    ['window/choose-path'],
    ['window/choose-path', 'anything'],
    ['window/choose-path', { kind: 'folder' }],
    ['window/choose-target', 'table', '../../.bashrc'],
    ['window/choose-target', 'table', 'C:\\autoexec.bat'],
    ['window/choose-target', 'table', ''],
    ['window/set-language', 'xx'],
  ])('refuses %s with %j %j and asks nothing', (channel, ...args) => {
    expect(() => call(OUR_FRAME, channel, ...args)).toThrow(/wrong arguments/);
    expect(asked).toEqual([]);
  });

  it('answers every channel of the contract, and no other', () => {
    expect([...listeners.keys()].sort()).toEqual(Object.keys(CALL_ARGUMENTS).sort());
  });
});
