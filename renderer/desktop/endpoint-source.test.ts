import { describe, expect, it } from 'vitest';
import { createEndpointSource } from './endpoint-source.ts';

const token = 'ab'.repeat(32);

function browserPage(hash: string, kept: Record<string, string> = {}) {
  const stored = new Map(Object.entries(kept));
  const shown: string[] = [];
  const source = createEndpointSource({
    bridge: undefined,
    location: { origin: 'http://127.0.0.1:4001', hash, pathname: '/desktop/index.html', search: '?a' },
    storage: {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => void stored.set(key, value),
    },
    history: { replaceState: (_, __, address) => void shown.push(String(address)) },
  });
  return { source, stored, shown };
}

describe('in a browser', () => {
  it('takes the token from the address, hides it and keeps it for a reload', async () => {
    const { source, stored, shown } = browserPage(`#token=${token}`);
    expect(await source()).toEqual({ state: 'ready', address: 'http://127.0.0.1:4001', token });
    expect(shown).toEqual(['/desktop/index.html?a']);
    const reloaded = browserPage('', Object.fromEntries(stored));
    expect(await reloaded.source()).toMatchObject({ token });
    expect(reloaded.shown).toEqual([]);
  });

  it('prefers a new token to the kept one', async () => {
    const { source } = browserPage(`#token=${token}`, { 'genba.token': 'cd'.repeat(32) });
    expect(await source()).toMatchObject({ token });
  });

  it.each(['', '#token=', '#token=xyz', `#token=${token}0`, '#content'])('has none with %j', async (hash) => {
    expect(await browserPage(hash).source()).toBeNull();
  });
});

describe('in the shell', () => {
  const inShell = (answer: unknown) =>
    createEndpointSource({
      bridge: { endpoint: async () => answer as never },
      location: { origin: 'genba://app', hash: `#token=${token}`, pathname: '/', search: '' },
      storage: { getItem: () => null, setItem: () => {} },
      history: { replaceState: () => {} },
    });

  it('asks the shell', async () => {
    const answer = { state: 'ready', address: 'http://127.0.0.1:4002', token } as const;
    expect(await inShell(answer)()).toEqual(answer);
  });

  it('refuses an answer that does not fit the contract', async () => {
    await expect(inShell({ state: 'ready', address: 'http://127.0.0.1:4002' })()).rejects.toThrow();
  });
});
