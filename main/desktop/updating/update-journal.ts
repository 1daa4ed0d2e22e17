import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { wentBackSchema } from '@genba/shared/local-api/app-update';
import { z } from 'zod';
import { writeDurably } from '../../durable-file/durable-file.ts';

/** File in the window's folder. */
export const UPDATE_JOURNAL_FILE = 'updates.json';

/** Versions that are remembered as refused; no PC meets more. */
const MAX_REFUSED = 50;

const trialSchema = z.object({
  version: z.string(),
  /** The version before it. */
  from: z.string(),
  /** Starts of it that were begun; none has succeeded. */
  starts: z.int().min(0),
  /** Process of the newest start; null before the first, and after one that a person has ended. */
  process: z.int().positive().nullable(),
  /** When the newest start began. */
  startedAt: z.iso.datetime().nullable(),
  /** A person has closed it before it was clear whether it works: nobody starts it but a person. */
  isLeftAlone: z.boolean(),
  installation: z.enum(['appimage', 'nsis']),
  /** What is started to start the new version. */
  program: z.string(),
  /** Where the version before lay. */
  earlierProgram: z.string(),
  /** The version before, as a file to go back by: the AppImage, or the installer. Null: there is none. */
  keptProgram: z.string().nullable(),
  /** The agent's database as that version left it. */
  keptDatabase: z.string().nullable(),
});
export type UpdateTrial = z.output<typeof trialSchema>;

const journalSchema = z.object({
  /** An update that was installed and has not started well yet. */
  trial: trialSchema.nullable().catch(null),
  /** Versions that did not start here: never taken again by themselves. */
  refused: z.array(z.string()).max(MAX_REFUSED).catch([]),
  /** What a person has yet to be told. */
  wentBack: wentBackSchema.nullable().catch(null),
});
export type UpdateJournalContent = z.output<typeof journalSchema>;

/**
 * What has to be known of updates over starts, in a file that is on the disk before anything rests on it. A damaged
 * one counts as empty.
 */
export class UpdateJournal {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  read(): UpdateJournalContent {
    let content: unknown = {};
    try {
      content = JSON.parse(readFileSync(this.path, 'utf8'));
    } catch {
      // Not there yet, or damaged.
    }
    return journalSchema.catch({ trial: null, refused: [], wentBack: null }).parse(content);
  }

  /** Changes what is given, on the disk when it returns. @throws Error where the disk does not take it */
  write(changes: Partial<UpdateJournalContent>): UpdateJournalContent {
    const content = { ...this.read(), ...changes };
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    writeDurably(this.path, `${JSON.stringify(content)}\n`);
    return content;
  }
}

/** @returns the refused versions and one more, that does not start here either */
export function refusing(version: string, refused: readonly string[]): string[] {
  return [...refused.filter((known) => known !== version), version].slice(-MAX_REFUSED);
}
