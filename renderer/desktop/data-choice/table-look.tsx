import type { DataPreview } from '@genba/shared/local-api/preview';
import { useLanguage } from '../../ui/i18n/use-language.ts';

type Table = NonNullable<DataPreview['table']>;

const USES = {
  input: 'choose.use.input',
  label: 'choose.use.label',
  group: 'choose.use.group',
  split: 'choose.use.split',
  unused: 'choose.use.unused',
} as const satisfies Record<Table['columns'][number]['use'], string>;

/** The first rows as the file has them, with what is done with each column. */
export function TableLook({ table: { columns, rows, missing, columnCount } }: { readonly table: Table }) {
  const { t, formats } = useLanguage();
  return (
    <>
      {missing.map(({ name, nearest }) => (
        <p key={name} data-tone="stopped" className="tone-text">
          {nearest === null
            ? t('choose.column.missing', { name })
            : t('choose.column.missingNearest', { name, nearest })}
        </p>
      ))}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label={t('choose.rows')}>
        <table className="table">
          <thead>
            <tr>
              {columns.map(({ name, use }) => (
                <th key={name} scope="col">
                  {name}
                  <span className="table__use">{t(USES[use])}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file have no other name
              <tr key={index}>
                {row.map((field, column) => (
                  <td key={columns[column]?.name ?? column}>{field}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {columnCount > columns.length ? (
        <p className="soft">{t('choose.moreColumns', { formatted: formats.count(columnCount) })}</p>
      ) : null}
    </>
  );
}
