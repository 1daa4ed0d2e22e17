import { describe, expect, it } from 'vitest';
import { isMadeByOurPage, isOurPage, PAGE_ADDRESS } from './page-address.ts';

describe('isOurPage', () => {
  it.each([PAGE_ADDRESS, `${PAGE_ADDRESS}#part`, 'genba://app/'])('admits %s', (address) => {
    expect(isOurPage(address)).toBe(true);
  });

  it.each([
    'https://app/desktop/index.html',
    'file:///desktop/index.html',
    'genba://other/desktop/index.html',
    'genba://app.example.com/desktop/index.html',
    'genba://app:81/desktop/index.html',
    'genba://someone@app/desktop/index.html',
    'data:text/html,genba://app/',
    'about:blank',
    '',
  ])('refuses %s', (address) => {
    expect(isOurPage(address)).toBe(false);
  });
});

describe('isMadeByOurPage', () => {
  it('admits what a page of ours has made, and nothing that lies anywhere', () => {
    expect(isMadeByOurPage('blob:genba://app/6f1c')).toBe(true);
    for (const address of ['blob:genba://app.example.com/6f1c', 'blob:https://app/6f1c', PAGE_ADDRESS, '']) {
      expect(isMadeByOurPage(address)).toBe(false);
    }
  });
});
