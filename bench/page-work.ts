import type { Browser, Page } from 'playwright-core';

/** What the page's main thread did, of its own and by the clock. */
export interface PageWork {
  /** Tasks that lasted longer than a frame may. */
  readonly longTasks: number;
  /** Processor time that the busiest one of those took, milliseconds: the rest of it the thread waited for a processor. */
  readonly ownOfLongMs: number;
  /** Processor time of the busiest task of all, milliseconds. */
  readonly longestOwnMs: number;
  /** Processor time of all tasks, milliseconds. */
  readonly ownMs: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds; left out where the system does not tell. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const RUN_TASK = 'ThreadControllerImpl::RunTask';

/**
 * Begins to note what the page's main thread does; what is returned ends it.
 * @param longMs from which on a task counts as long
 */
export async function watchWork(
  browser: Browser,
  page: Page,
  longMs: number,
): Promise<() => Promise<PageWork>> {
  await browser.startTracing(page, { categories: ['toplevel'] });
  return async () => {
    const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    return workIn(trace.traceEvents, longMs);
  };
}

function workIn(events: readonly TraceEvent[], longMs: number): PageWork {
  const place = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
  const isName = ({ ph, name }: TraceEvent) => ph === 'M' && name === 'thread_name';
  const pages = new Set(
    events.filter((each) => isName(each) && each.args?.name === 'CrRendererMain').map(place),
  );
  const tasks = events
    .filter((each) => each.ph === 'X' && each.name === RUN_TASK && pages.has(place(each)))
    .map(({ dur, tdur }) => ({ wallMs: (dur ?? 0) / 1000, ownMs: (tdur ?? 0) / 1000 }));
  if (tasks.length === 0) throw new Error('The trace names no task of the page.');
  const long = tasks.filter(({ wallMs }) => wallMs > longMs);
  const most = (some: typeof tasks) => some.reduce((busiest, { ownMs }) => Math.max(busiest, ownMs), 0);
  return {
    longTasks: long.length,
    ownOfLongMs: most(long),
    longestOwnMs: most(tasks),
    ownMs: tasks.reduce((sum, { ownMs }) => sum + ownMs, 0),
  };
}
