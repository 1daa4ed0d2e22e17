import { describe, expect, it } from 'vitest';
import { RecentReports } from './recent-reports.ts';

const MINUTE_MS = 60_000;

describe('RecentReports', () => {
  it('lets the same thing through once an hour, and another thing at once', () => {
    const reports = new RecentReports();
    const said = (kind: string, minute: number) => reports.isNews(kind, minute * MINUTE_MS);
    expect(said('proxy/forbidden', 0)).toBe(true);
    expect(said('proxy/forbidden', 59)).toBe(false);
    expect(said('tls/failed', 59)).toBe(true);
    expect(said('proxy/forbidden', 60)).toBe(true);
    expect(said('proxy/forbidden', 61)).toBe(false);
  });

  it('lets everything through when the clock was set back', () => {
    const reports = new RecentReports();
    expect(reports.isNews('tls/failed', 100 * MINUTE_MS)).toBe(true);
    expect(reports.isNews('tls/failed', 1 * MINUTE_MS)).toBe(true);
    expect(reports.isNews('tls/failed', 2 * MINUTE_MS)).toBe(false);
  });

  it('keeps a month of failures every few seconds down to a line an hour', () => {
    const reports = new RecentReports();
    const DAY_S = 86_400;
    let lines = 0;
    for (let second = 0; second < 30 * DAY_S; second += 15) {
      if (reports.isNews('proxy/unreachable', second * 1000)) lines += 1;
    }
    expect(lines).toBe(30 * 24);
  });
});
