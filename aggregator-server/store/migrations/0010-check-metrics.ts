/** What a check set found is told for whatever a task learns, not for accuracy only. */
export const checkMetrics = {
  version: 10,
  sql: `
    UPDATE updates SET finding = json_object(
      'kind', 'check-set', 'metric', 'accuracy',
      'before', json_extract(finding, '$.accuracyBefore'), 'after', json_extract(finding, '$.accuracyAfter'),
      'limit', json_extract(finding, '$.limit'))
    WHERE finding IS NOT NULL AND json_extract(finding, '$.kind') = 'check-set';
  `,
} as const;
