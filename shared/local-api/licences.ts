import { z } from 'zod';

/** File beside the pages that names what they, the shell and the agent are made of. */
export const LICENCES_FILE = 'licences.json';

/** Packages by others and their licences; written by the build, shown by the window. */
export const licenceFileSchema = z.strictObject({
  /** By name. */
  packages: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      /** SPDX expression, or what the package says instead. */
      licence: z.string(),
      /** Indices into `texts`; none where the package brings no text. */
      texts: z.array(z.int().min(0)),
    }),
  ),
  /** Each text once, however many packages share it. */
  texts: z.array(z.string()),
});
export type LicenceFile = z.output<typeof licenceFileSchema>;
