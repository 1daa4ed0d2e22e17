import { LICENCES_FILE, type LicenceFile, licenceFileSchema } from '@genba/shared/local-api/licences';
import { TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ErrorState, LoadingState } from '../../ui/screen-states.tsx';

/** The licences of all that was built in, as the build wrote them down. */
export function LicenceList() {
  const { t, formats } = useLanguage();
  const [file, setFile] = useState<LicenceFile | 'failed' | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [wanted, setWanted] = useState('');
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is the trigger, not an input
  useEffect(() => {
    let isOver = false;
    loadLicences()
      .then((loaded) => isOver || setFile(loaded))
      .catch(() => isOver || setFile('failed'));
    return () => {
      isOver = true;
    };
  }, [attempt]);
  if (file === null) return <LoadingState text={t('licences.loading')} />;
  if (file === 'failed') {
    return <ErrorState text={t('licences.failed')} onRetry={() => setAttempt(attempt + 1)} />;
  }
  const found = file.packages.filter(({ name }) =>
    name.includes(wanted.normalize('NFKC').toLowerCase().trim()),
  );
  return (
    <>
      <p>{t('licences.count', { formatted: formats.count(file.packages.length) })}</p>
      <TextInput
        label={t('licences.find')}
        value={wanted}
        onChange={({ currentTarget }) => setWanted(currentTarget.value)}
        maw="24rem"
      />
      {found.length === 0 ? <p role="status">{t('licences.noneFound')}</p> : null}
      <ul className="licences">
        {found.map(({ name, version, licence, texts }) => (
          <li key={`${name} ${version}`}>
            <details className="disclosure">
              <summary>{t('licences.entry', { name, version, licence })}</summary>
              {texts.length === 0 ? <p className="soft">{t('licences.noText')}</p> : null}
              {texts.map((text) => (
                <pre key={text} className="licences__text">
                  {file.texts[text]}
                </pre>
              ))}
            </details>
          </li>
        ))}
      </ul>
    </>
  );
}

async function loadLicences(): Promise<LicenceFile> {
  const answer = await fetch(`../${LICENCES_FILE}`);
  return licenceFileSchema.parse(await answer.json());
}
