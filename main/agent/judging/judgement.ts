import { JUDGED_PAGE_SIZE, type JudgedItem, type Judgement } from '@genba/shared/local-api/judging';
import type { Judge } from './judge.ts';
import { judgeSubject, type Subject, type TakeItems } from './judge-subject.ts';
import { classNameOf } from './verdict.ts';

/** A subject, and whether all items are told part by part. */
export interface SubjectWish {
  readonly subject: Subject;
  readonly parts: boolean;
}

/**
 * Carries out a wish to have something judged.
 * @param tell is given all items, part by part, where the wish asks for parts
 * @param signal ends it before the next part; what was judged until then is the judgement
 * @throws AppError `judging/no-model`, `dataset/not-read`, `trainer/no-backend`, `trainer/crashed`
 */
export async function carryOut(
  judge: Judge,
  { subject, parts }: SubjectWish,
  tell: TakeItems,
  signal?: AbortSignal,
): Promise<Judgement> {
  const model = judge.open();
  const counts = new Map(model.task.classes.map((className) => [className, 0]));
  const first: JudgedItem[] = [];
  let judged = 0;
  let failed = 0;
  await judgeSubject(model, subject, async (items) => {
    for (const item of items) {
      if (item.verdict === null) failed += 1;
      else judged += 1;
      const className = classNameOf(item.verdict);
      if (className !== null) counts.set(className, counts.get(className)! + 1);
      if (first.length < JUDGED_PAGE_SIZE) first.push(item);
    }
    if (parts) await tell(items);
    signal?.throwIfAborted();
  }).catch((thrown: unknown) => {
    if (signal?.aborted !== true) throw thrown;
  });
  const classes = Array.from(counts, ([className, count]) => ({ className, count }));
  return { model: model.about, judged, failed, classes, items: first };
}
