import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';

/** What kind of dataset lies at a path, with the files that matter. */
export type DatasetSource =
  | { readonly kind: 'images'; readonly folder: string; readonly classFolders: readonly string[] }
  | { readonly kind: 'idx'; readonly imagesFile: string; readonly labelsFile: string }
  | { readonly kind: 'csv'; readonly files: readonly string[] };

const IDX_IMAGES = /images.*idx3.*?(\.gz)?$/i;
const IDX_LABELS = /labels.*idx1.*?(\.gz)?$/i;

/** What people and machines put into a folder of pictures. */
const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp']);

/** Whether a file among others is a picture, by its name. */
export function isPictureName(name: string): boolean {
  return PICTURES.has(extname(name).toLowerCase());
}

/** Files that operating systems and editors leave everywhere. */
export function isSystemFile(name: string): boolean {
  return name.startsWith('.') || name.startsWith('~$') || /^(thumbs\.db|desktop\.ini|__macosx)$/i.test(name);
}

/**
 * Looks at a file or folder and says what kind of dataset it is: a CSV file, a folder with one pair of IDX files,
 * a folder of CSV files, or a folder of class folders.
 * @throws AppError `dataset/not-found`, `dataset/unrecognised`
 */
export async function detectDataset(path: string): Promise<DatasetSource> {
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('dataset/not-found', { detail: `${path}: ${cause.code}`, cause });
  });
  if (info.isFile()) {
    if (isCsv(path)) return { kind: 'csv', files: [path] };
    throw new AppError('dataset/unrecognised', { detail: `${path}: a single file must be a .csv` });
  }
  const names = (await readdir(path)).filter((name) => !isSystemFile(name)).sort();
  const idx = detectIdx(path, names);
  if (idx) return idx;
  const tables = names.filter(isCsv);
  if (tables.length > 0) return { kind: 'csv', files: tables.map((name) => join(path, name)) };
  const classFolders: string[] = [];
  for (const name of names) {
    // A link to nowhere is no class folder.
    const entry = await stat(join(path, name)).catch(() => null);
    if (entry?.isDirectory()) classFolders.push(name);
  }
  if (classFolders.length > 0) return { kind: 'images', folder: path, classFolders };
  throw new AppError('dataset/unrecognised', { detail: `${path}: ${names.length} files, no class folders` });
}

function detectIdx(folder: string, names: readonly string[]): DatasetSource | null {
  const images = names.filter((name) => IDX_IMAGES.test(name));
  const labels = names.filter((name) => IDX_LABELS.test(name));
  if (images.length === 0 && labels.length === 0) return null;
  if (images.length !== 1 || labels.length !== 1) {
    throw new AppError('dataset/unrecognised', {
      detail: `${folder}: ${images.length} IDX images files and ${labels.length} labels files, one of each is needed`,
    });
  }
  return { kind: 'idx', imagesFile: join(folder, images[0]!), labelsFile: join(folder, labels[0]!) };
}

/** Whether a file among others is a table, by its name. */
export function isCsv(name: string): boolean {
  return extname(name).toLowerCase() === '.csv';
}
