import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../durable-file/durable-file.ts';

/** File in the window's folder; only the shell reads it. */
export const SHELL_SETTINGS_FILE = 'shell-settings.json';

const schema = z.object({
  /** Null: nobody has chosen one, the system's counts. */
  language: z.enum(['en', 'ja']).nullable().catch(null),
  /** The start with the PC was turned on once; from then on a person decides. */
  isLoginStartSet: z.boolean().catch(false),
});
export type ShellSettings = z.output<typeof schema>;

/** The few things the shell itself remembers. A damaged or foreign file counts as empty: nothing in it is precious. */
export class ShellSettingsFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): ShellSettings {
    let content: unknown = {};
    try {
      content = JSON.parse(readFileSync(this.#path, 'utf8'));
    } catch {
      // Not there yet, or damaged.
    }
    return schema.catch({ language: null, isLoginStartSet: false }).parse(content);
  }

  /** Changes what is given and keeps the rest. Never throws: a choice that cannot be kept holds until the end. */
  change(changes: Partial<ShellSettings>): void {
    const text = `${JSON.stringify({ ...this.read(), ...changes })}\n`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      writeDurably(this.#path, text);
    } catch {
      // A full or locked disk: the agent says so in its own way.
    }
  }
}
