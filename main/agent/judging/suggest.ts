import type { Suggestion } from '@genba/shared/local-api/labelling';
import type { Suggest } from '../labelling/suggestions.ts';
import type { Judge } from './judge.ts';
import { judgePictures } from './judge-subject.ts';

/** What the model in use takes pictures of the inbox for; nothing as long as there is none. */
export function suggestBy(judge: Judge): Suggest {
  return async (pictures) => {
    const suggestions: (Suggestion | null)[] = [];
    const files = pictures.map(({ path }) => ({ source: path, name: '' }));
    try {
      await judgePictures(judge.open('patient'), files, async (items) => {
        for (const { verdict } of items) {
          const isClass = verdict?.kind === 'class';
          suggestions.push(isClass ? { className: verdict.className, confidence: verdict.certainty } : null);
        }
      });
    } catch {
      // Without a model, or a way to run it, people label all the same.
    }
    return suggestions;
  };
}
