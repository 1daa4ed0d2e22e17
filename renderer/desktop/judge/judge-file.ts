import type { JudgeSubject } from '@genba/shared/local-api/judging';
import { MAX_SENT_PICTURE_BYTES } from '@genba/shared/local-api/limits';
import type { JudgeOrder } from './judge-desk.ts';

/** Why a dropped file cannot be judged. */
export type DropProblem = 'tooLarge' | 'needsPath' | 'unreadable';

/**
 * What to have judged of a dropped file: its path where the shell knows one, else its content.
 * @param pathOf where a dropped file lies; `''` where nobody can tell, as in a browser
 */
export async function orderOf(file: File, pathOf: (file: File) => string): Promise<JudgeOrder | DropProblem> {
  const path = pathOf(file);
  const byPath: JudgeSubject | null = path === '' ? null : { kind: 'paths', paths: [path] };
  if (!file.type.startsWith('image/'))
    return byPath === null ? 'needsPath' : { subject: byPath, picture: null };
  if (file.size > MAX_SENT_PICTURE_BYTES)
    return byPath === null ? 'tooLarge' : { subject: byPath, picture: null };
  const picture = await readDataAddress(file);
  if (picture === null) return 'unreadable';
  const base64 = picture.slice(picture.indexOf(',') + 1);
  return { subject: byPath ?? { kind: 'picture', name: file.name, base64 }, picture };
}

/** Content of a file as `data:…`, which a page may show; null where it cannot be read. */
function readDataAddress(file: File): Promise<string | null> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(typeof reader.result === 'string' ? reader.result : null);
    reader.onerror = () => resolve(null);
    reader.readAsDataURL(file);
  });
}
