import { useLanguage } from './i18n/use-language.ts';

/** Leads past header and navigation. A button: the part of the address behind `#` says where in the window one is. */
export function SkipLink() {
  const { t } = useLanguage();
  return (
    <button type="button" className="skip-link" onClick={() => document.getElementById('content')?.focus()}>
      {t('app.skip')}
    </button>
  );
}
