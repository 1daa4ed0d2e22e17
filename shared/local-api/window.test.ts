import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONTENT_SECURITY_POLICY } from './window.ts';

describe('CONTENT_SECURITY_POLICY', () => {
  it('refuses all that it does not name, lets in no script but our own, and out no connection but to loopback', () => {
    expect(CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none';/);
    expect(CONTENT_SECURITY_POLICY).toContain("script-src 'self';");
    expect(CONTENT_SECURITY_POLICY).not.toContain('unsafe-eval');
    expect(CONTENT_SECURITY_POLICY).toContain("connect-src 'self' ws://127.0.0.1:*;");
    expect(CONTENT_SECURITY_POLICY).toContain("img-src 'self' data: http://127.0.0.1:*;");
  });

  it('stands in the page’s own head too, but for what only a header can say', () => {
    const page = readFileSync(new URL('../../renderer/desktop/index.html', import.meta.url), 'utf8');
    const [, policy] = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(page)!;
    expect(`${policy}; frame-ancestors 'none'`).toBe(CONTENT_SECURITY_POLICY);
  });
});
