import { Button, Kbd, TextInput } from '@mantine/core';
import { type KeyboardEvent, memo, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { findClasses, type PlacedClass } from './find-classes.ts';
import { CLASSES_WITH_DIGIT, keyOfClass } from './labelling-keys.ts';

/** By which the key that finds a class finds the field. */
export const FIND_FIELD = 'find-class';

interface ClassButtonsProps {
  readonly classes: readonly string[];
  /** What the model takes the picture for; null where it does not say. */
  readonly suggested: string | null;
  readonly isDisabled: boolean;
  /** The same function each time. */
  readonly onClass: (className: string) => void;
}

/** One button per class, with its key; where there are many, a field that finds one by its name. */
export function ClassButtons({ classes, suggested, isDisabled, onClass }: ClassButtonsProps) {
  const { t } = useLanguage();
  const [written, setWritten] = useState('');
  const isMany = classes.length > CLASSES_WITH_DIGIT;
  const found = findClasses(classes, written);
  const leave = (field: HTMLInputElement) => {
    setWritten('');
    field.blur();
  };
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    // This Enter belongs to the input method.
    if (event.nativeEvent.isComposing) return;
    const [first] = found;
    if (event.key === 'Enter' && written.trim() !== '' && first !== undefined && !isDisabled) {
      onClass(first.name);
      leave(event.currentTarget);
    } else if (event.key === 'Escape') leave(event.currentTarget);
  };
  return (
    <div className="desk__class-list">
      {isMany ? (
        <TextInput
          id={FIND_FIELD}
          aria-label={t('label.find')}
          aria-keyshortcuts="/"
          placeholder={t('label.find')}
          autoComplete="off"
          rightSection={<Kbd aria-hidden="true">/</Kbd>}
          value={written}
          error={found.length === 0 ? t('label.find.none') : null}
          onChange={(event) => setWritten(event.currentTarget.value)}
          onKeyDown={press}
        />
      ) : null}
      <ul className={isMany ? 'desk__classes desk__classes--many' : 'desk__classes'}>
        {found.map((each) => (
          <ClassButton
            key={each.name}
            {...each}
            isSuggested={each.name === suggested}
            isDisabled={isDisabled}
            onClass={onClass}
          />
        ))}
      </ul>
    </div>
  );
}

interface ClassButtonProps extends PlacedClass {
  readonly isSuggested: boolean;
  readonly isDisabled: boolean;
  readonly onClass: (className: string) => void;
}

/** Drawn again only when it looks different: there may be dozens, and a picture comes every second. */
const ClassButton = memo(function ClassButton({
  name,
  index,
  isSuggested,
  isDisabled,
  onClass,
}: ClassButtonProps) {
  const key = keyOfClass(index);
  return (
    <li>
      <Button
        fullWidth
        size="md"
        variant={isSuggested ? 'light' : 'default'}
        justify="start"
        disabled={isDisabled}
        leftSection={key === null ? null : <Kbd aria-hidden="true">{key}</Kbd>}
        aria-keyshortcuts={key ?? undefined}
        // Clicked by mouse it must not keep the focus: Enter would say the same of the next picture.
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => onClass(name)}
      >
        {name}
      </Button>
    </li>
  );
});
