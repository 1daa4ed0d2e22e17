import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { DataPreview } from '@genba/shared/local-api/preview';
import { checkSentence } from '@genba/shared/local-api/preview-sentences';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import { SamplePictures } from './sample-pictures.tsx';
import { TableLook } from './table-look.tsx';

/** Classes named in the first sentence; a list of a hundred would say nothing. */
const CLASSES_IN_SENTENCE = 8;

const UNITS = {
  picture: 'choose.count.picture',
  row: 'choose.count.row',
  window: 'choose.count.window',
} as const satisfies Record<DataPreview['unit'], string>;

/** What is in the data, in plain words: how much of what, what to check, and what it looks like. */
export function PreviewReport({ preview }: { readonly preview: DataPreview }) {
  const { language, t } = useLanguage();
  const { problem, checks, skippedItems, pictures, table, isTaskKnown } = preview;
  return (
    <>
      <CountSentence preview={preview} />
      <SplitSentence split={preview.split} />
      {isTaskKnown ? null : <p className="soft">{t('choose.taskUnknown')}</p>}
      {problem === null ? null : (
        <div className="notice" data-tone="stopped" role="alert">
          <ToneIcon tone="stopped" />
          <div className="break">
            <p className="notice__title">{ERROR_CATALOGUE[problem.code][language]}</p>
            {problem.detail === null ? null : <p className="soft">{problem.detail}</p>}
          </div>
        </div>
      )}
      {checks.length === 0 ? null : (
        <ul className="checks" aria-label={t('choose.checks')}>
          {checks.map((check) => (
            <li key={checkSentence(check, language)} data-tone="attention">
              <ToneIcon tone="attention" size="1.25rem" />
              <span className="break">{checkSentence(check, language)}</span>
            </li>
          ))}
        </ul>
      )}
      {problem === null && checks.length === 0 && isTaskKnown ? (
        <p className="all-well" data-tone="good">
          <ToneIcon tone="good" size="1.25rem" />
          {t('choose.noChecks')}
        </p>
      ) : null}
      {pictures === null ? null : <SamplePictures pictures={pictures} />}
      {table === null ? null : <TableLook table={table} />}
      {skippedItems.length === 0 ? null : <Skipped preview={preview} />}
    </>
  );
}

/** "412 photos: 380 OK, 32 NG". */
function CountSentence({ preview }: { readonly preview: DataPreview }) {
  const { t, formats } = useLanguage();
  const { examples, unit, classes, isWhole, pictures } = preview;
  const total = t(UNITS[unit], { count: examples, formatted: formats.count(examples) });
  const shown = classes.slice(0, CLASSES_IN_SENTENCE);
  const parts: string[] = shown.map(({ name, count }) =>
    t('choose.class', { name, formatted: formats.count(count) }),
  );
  const more = classes.length - shown.length;
  if (more > 0) parts.push(t('choose.moreClasses', { count: more }));
  return (
    <>
      <p className="report__count break">
        {parts.length === 0 ? total : t('choose.counts', { total, parts: parts.join(t('choose.comma')) })}
      </p>
      {isWhole || pictures !== null ? null : <p className="soft">{t('choose.partial')}</p>}
      {isWhole || pictures === null ? null : (
        <p className="soft">{t('choose.opened', { formatted: formats.count(pictures.opened) })}</p>
      )}
    </>
  );
}

function SplitSentence({ split }: Pick<DataPreview, 'split'>) {
  const { t, formats } = useLanguage();
  if (split === null) return null;
  const { training, validation } = split;
  return (
    <p className="soft">
      {t('choose.split', { training: formats.count(training), validation: formats.count(validation) })}
    </p>
  );
}

function Skipped({ preview: { skipped, skippedItems } }: { readonly preview: DataPreview }) {
  const { t, formats } = useLanguage();
  return (
    <details className="disclosure">
      <summary>{t('choose.skipped', { count: skipped, formatted: formats.count(skipped) })}</summary>
      <ul>
        {skippedItems.map(({ item, reason }) => (
          <li key={item} className="soft break">
            {t('choose.skipped.item', { item, reason })}
          </li>
        ))}
      </ul>
      {skipped > skippedItems.length ? <p className="soft">{t('choose.skipped.more')}</p> : null}
    </details>
  );
}
