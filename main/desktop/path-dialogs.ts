import { basename, join } from 'node:path';
import { EXTENSIONS } from '@genba/shared/exchange/container';
import { chosenPathSchema, type OpenKind, type SaveKind } from '@genba/shared/local-api/window';
import type { BrowserWindow, Dialog, FileFilter } from 'electron';
import type { ShellWords } from './words.ts';

/** Endings without the dot, as dialogs want them. */
const PICTURE_ENDINGS = ['jpg', 'jpeg', 'png', 'bmp', 'webp', 'tif', 'tiff'];
const withoutDot = (extension: string) => extension.slice(1);

export interface PathDialogsContext {
  readonly dialog: Pick<Dialog, 'showOpenDialog' | 'showSaveDialog'>;
  /** The window that a dialog belongs to; null where none is open. */
  readonly window: () => BrowserWindow | null;
  readonly words: () => ShellWords;
  /** Where new files are suggested to go. */
  readonly documents: string;
  /** Where a person begins to look for a folder; null: where the system wants. */
  readonly chooseIn: string | null;
}

/** The system's own dialogs for what a page lets a person choose. */
export class PathDialogs {
  readonly #context: PathDialogsContext;

  constructor(context: PathDialogsContext) {
    this.#context = context;
  }

  /** Lets a person choose a folder or a file there is; null where nothing was chosen. */
  async open(kind: OpenKind): Promise<string | null> {
    const { dialog, words, chooseIn } = this.#context;
    const window = this.#context.window();
    if (window === null) return null;
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      title: kind === 'folder' ? words().chooseFolder : words().chooseFile,
      properties: kind === 'folder' ? ['openDirectory'] : ['openFile'],
      filters: kind === 'folder' ? [] : [this.#openFilter(kind)],
      ...(kind === 'folder' && chooseIn !== null ? { defaultPath: chooseIn } : {}),
    });
    return canceled ? null : chosenPathSchema.parse(filePaths[0] ?? null);
  }

  /** Lets a person name a file to write; null where none was named. */
  async save(filter: FileFilter, suggestedName: string, title: string): Promise<string | null> {
    const window = this.#context.window();
    if (window === null) return null;
    const { canceled, filePath } = await this.#context.dialog.showSaveDialog(window, {
      title,
      defaultPath: join(this.#context.documents, basename(suggestedName)),
      filters: [filter],
      properties: ['showOverwriteConfirmation', 'createDirectory'],
    });
    return canceled || !filePath ? null : chosenPathSchema.parse(filePath);
  }

  /** As {@link save}, for one of the files that pages know. */
  async saveKind(kind: SaveKind, suggestedName: string): Promise<string | null> {
    return this.save(this.#saveFilter(kind), suggestedName, this.#context.words().saveAs);
  }

  #openFilter(kind: Exclude<OpenKind, 'folder'>): FileFilter {
    const words = this.#context.words();
    switch (kind) {
      case 'table':
        return { name: words.tables, extensions: ['csv', 'tsv', 'txt'] };
      case 'picture':
        return { name: words.pictures, extensions: PICTURE_ENDINGS };
      case 'reply':
        return { name: words.replies, extensions: [withoutDot(EXTENSIONS.reply)] };
    }
  }

  #saveFilter(kind: SaveKind): FileFilter {
    const words = this.#context.words();
    switch (kind) {
      case 'table':
        return { name: words.tables, extensions: ['csv'] };
      case 'update':
        return { name: words.updates, extensions: [withoutDot(EXTENSIONS.update)] };
      case 'request':
        return { name: words.requests, extensions: [withoutDot(EXTENSIONS.request)] };
    }
  }
}
