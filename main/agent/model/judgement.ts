import { MODEL_REPORT_LIMITS, scoreKindSchema } from '@genba/shared/local-api/model';
import { z } from 'zod';
import type { EvaluationResult, Outcomes } from '../../trainer/messages.ts';

const { mistakes: MAX_MISTAKES, classes: MAX_CLASSES, pictures: MAX_PICTURES } = MODEL_REPORT_LIMITS;

const count = z.int().min(0);

/** How a model was judged, as it is kept: what people are shown of it. */
export const judgementSchema = z.strictObject({
  /** Whether its answers are numbers. */
  isUsable: z.boolean(),
  examples: count,
  score: z.number().nullable(),
  scoreKind: scoreKindSchema,
  loss: z.number().nullable(),
  regression: z.strictObject({ meanAbsoluteError: z.number(), rootMeanSquaredError: z.number() }).nullable(),
  classes: z.array(z.strictObject({ right: count, total: count })),
  /** Most frequent first. */
  mistakes: z.array(
    z.strictObject({
      actual: count,
      judgedAs: count,
      count,
      /** Paths of some of these pictures. */
      pictures: z.array(z.string()),
    }),
  ),
});
export type Judgement = z.output<typeof judgementSchema>;

/** Paths of held-out pictures by their places among the held-out examples; those that are known. */
export type PicturesAt = (places: readonly number[]) => readonly string[];

/** What is kept of a judgement. */
export function judgementOf(result: EvaluationResult, picturesAt: PicturesAt): Judgement {
  const { examples, score, scoreKind, loss, regression, confusion, outcomes } = result;
  return {
    isUsable: true,
    examples,
    score,
    scoreKind,
    loss,
    regression,
    classes: (confusion ?? []).slice(0, MAX_CLASSES).map((row, label) => ({
      right: row[label]!,
      total: row.reduce((sum, own) => sum + own, 0),
    })),
    mistakes: outcomes === null || outcomes.judged === null ? [] : mistakesOf(outcomes, picturesAt),
  };
}

function mistakesOf({ labels, judged }: Outcomes, picturesAt: PicturesAt): Judgement['mistakes'] {
  const wrong = [...labels.keys()].filter((place) => labels[place] !== judged![place]);
  const kinds = Map.groupBy(wrong, (place) => `${labels[place]}/${judged![place]}`);
  return [...kinds.values()]
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_MISTAKES)
    .map((places) => ({
      actual: labels[places[0]!]!,
      judgedAs: judged![places[0]!]!,
      count: places.length,
      pictures: [...picturesAt(places.slice(0, MAX_PICTURES))],
    }));
}
