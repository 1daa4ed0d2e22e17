import { labellerName } from '@genba/shared/local-api/labelling';
import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';

/** Asks who labels, because each label is kept with a name. */
export function LabellerForm({ onName }: { readonly onName: (name: string) => void }) {
  const { t } = useLanguage();
  const [text, setText] = useState('');
  const [isMissing, setIsMissing] = useState(false);
  return (
    <Card title={t('label.name.title')} width="full">
      <form
        className="short-form"
        onSubmit={(event) => {
          event.preventDefault();
          const name = labellerName.safeParse(text);
          if (name.success) onName(name.data);
          else setIsMissing(true);
        }}
      >
        <TextInput
          label={t('label.name.field')}
          description={t('label.name.why')}
          autoComplete="name"
          maxLength={100}
          value={text}
          error={isMissing ? t('label.name.missing') : null}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setIsMissing(false);
          }}
        />
        <Button type="submit">{t('label.name.start')}</Button>
      </form>
    </Card>
  );
}
