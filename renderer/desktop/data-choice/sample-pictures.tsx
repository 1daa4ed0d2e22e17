import type { DataPreview } from '@genba/shared/local-api/preview';
import { useLanguage } from '../../ui/i18n/use-language.ts';

type Pictures = NonNullable<DataPreview['pictures']>;

/** A few of the pictures with their class, so that a mistake is seen at once. */
export function SamplePictures({
  pictures: { samples, smallest, largest },
}: {
  readonly pictures: Pictures;
}) {
  const { t } = useLanguage();
  const shown = samples.filter(({ thumbnail }) => thumbnail !== null);
  return (
    <>
      {smallest === null || largest === null ? null : (
        <p className="soft">
          {isOneSize(smallest, largest)
            ? t('choose.oneSize', { size: t('choose.size', smallest) })
            : t('choose.sizes', {
                smallest: t('choose.size', smallest),
                largest: t('choose.size', largest),
              })}
        </p>
      )}
      <ul className="samples" aria-label={t('choose.samples')}>
        {shown.map(({ path, className, thumbnail }) => (
          <li key={path} title={path}>
            <img src={thumbnail ?? ''} alt="" />
            <span className="break">{className}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function isOneSize(one: NonNullable<Pictures['smallest']>, other: NonNullable<Pictures['largest']>): boolean {
  return one.width === other.width && one.height === other.height;
}
