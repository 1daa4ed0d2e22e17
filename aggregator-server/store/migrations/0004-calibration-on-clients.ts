/** Bases say what a client does with them; OrthoFL with the average reference counts its clients. */
export const calibrationOnClients = {
  version: 4,
  sql: `
    ALTER TABLE bases ADD COLUMN use TEXT NOT NULL DEFAULT 'install'
      CHECK (use IN ('install', 'install-as-reference', 'install-and-reference', 'calibrate'));

    -- Where the settings were not written down yet they may be of that kind, too; others drop the number.
    UPDATE task_state SET scalars = json_set(scalars, '$.clientCount',
        (SELECT count(*) FROM clients c WHERE c.task_id = task_state.task_id AND c.base_id IS NOT NULL))
      WHERE settings IS NULL OR json_extract(settings, '$.reference') = 'average';
  `,
} as const;
