import { Button, Kbd } from '@mantine/core';
import { CLASSES_WITH_KEY } from './labelling-keys.ts';

interface ClassButtonsProps {
  readonly classes: readonly string[];
  /** What the model takes the picture for; null where it does not say. */
  readonly suggested: string | null;
  readonly isDisabled: boolean;
  readonly onClass: (className: string) => void;
}

/** One button per class, with its digit. */
export function ClassButtons({ classes, suggested, isDisabled, onClass }: ClassButtonsProps) {
  return (
    <ul className="desk__classes">
      {classes.map((name, index) => (
        <li key={name}>
          <Button
            fullWidth
            size="md"
            variant={name === suggested ? 'light' : 'default'}
            justify="start"
            disabled={isDisabled}
            leftSection={index < CLASSES_WITH_KEY ? <Kbd aria-hidden="true">{index + 1}</Kbd> : null}
            aria-keyshortcuts={index < CLASSES_WITH_KEY ? `${index + 1}` : undefined}
            // Clicked by mouse it must not keep the focus: Enter would say the same of the next picture.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onClass(name)}
          >
            {name}
          </Button>
        </li>
      ))}
    </ul>
  );
}
