/** How good weights were, by what their task is scored by, in place of the share judged right for every task. */
export const SCORES_SCHEMA = `
  -- The kind of both scores of a row (see ScoreKind); null where nothing was measured.
  ALTER TABLE round ADD COLUMN score_kind TEXT;
  -- The share judged right stays beside it: updates report it.
  ALTER TABLE round ADD COLUMN score REAL;
  ALTER TABLE round RENAME COLUMN check_accuracy TO check_score;
  UPDATE round SET score = validation_accuracy, score_kind = 'accuracy'
   WHERE validation_accuracy IS NOT NULL OR check_score IS NOT NULL;

  ALTER TABLE install ADD COLUMN score_kind TEXT;
  ALTER TABLE install RENAME COLUMN validation_accuracy TO score;
  ALTER TABLE install RENAME COLUMN check_accuracy TO check_score;
  UPDATE install SET score_kind = 'accuracy' WHERE score IS NOT NULL OR check_score IS NOT NULL;
`;
