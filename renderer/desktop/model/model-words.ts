import type { Decision, PlantModel, ScoreKind } from '@genba/shared/local-api/model';
import type { CurveProps } from '../../ui/curve-props.ts';
import { useLanguage } from '../../ui/i18n/use-language.ts';

const NAMES = {
  own: 'model.name.own',
  shared: 'model.name.shared',
  together: 'model.name.together',
} as const satisfies Record<PlantModel, string>;

const NOTES = {
  own: 'model.note.own',
  shared: 'model.note.shared',
  together: 'model.note.together',
} as const satisfies Record<PlantModel, string>;

const SCORES = {
  accuracy: 'model.score.accuracy',
  'balanced-accuracy': 'model.score.balanced',
  'r-squared': 'model.score.rSquared',
  auroc: 'model.score.auroc',
} as const satisfies Record<ScoreKind, string>;

const REASONS = {
  first: 'model.reason.first',
  'as-good': 'model.reason.asGood',
  better: 'model.reason.better',
  'within-chance': 'model.reason.withinChance',
  worse: 'model.reason.worse',
  unusable: 'model.reason.unusable',
  'not-judged': 'model.reason.notJudged',
  person: 'model.reason.person',
} as const satisfies Record<Decision['reason'], string>;

const KINDS = {
  taken: 'model.decision.taken',
  'held-back': 'model.decision.heldBack',
  kept: 'model.decision.kept',
  automatic: 'model.decision.automatic',
} as const satisfies Record<Decision['kind'], string>;

/** Models, scores and decisions in the language in use. */
export interface ModelWords {
  readonly name: (model: PlantModel) => string;
  /** What the model is, in a sentence. */
  readonly note: (model: PlantModel) => string;
  /** A score as it is written; a sign where it is not known. */
  readonly score: (score: number | null) => string;
  readonly scoreKind: (kind: ScoreKind) => string;
  readonly decision: (decision: Decision) => string;
}

/** How scores of a kind are written: R² is no share. */
export function scoreValues(kind: ScoreKind | null): CurveProps['values'] {
  return kind === 'r-squared' ? 'numbers' : 'shares';
}

/** @param kind of the scores */
export function useModelWords(kind: ScoreKind | null): ModelWords {
  const { t, formats } = useLanguage();
  const score = (value: number | null) => {
    if (value === null) return t('common.none');
    return scoreValues(kind) === 'numbers' ? formats.decimal(value) : formats.percent(value);
  };
  const name = (model: PlantModel) => t(NAMES[model]);
  return {
    name,
    note: (model) => t(NOTES[model]),
    score,
    scoreKind: (given) => t(SCORES[given]),
    decision: ({ kind: what, model, reason, by, score: own, inUseScore }) => {
      const said = t(KINDS[what], { model: model === null ? '' : name(model) });
      if (by !== null) return t('model.decision.by', { said, by });
      if (own === null || inUseScore === null)
        return t('model.decision.why', { said, reason: t(REASONS[reason]) });
      return t('model.decision.scores', {
        said,
        reason: t(REASONS[reason]),
        score: score(own),
        before: score(inUseScore),
      });
    },
  };
}
