import '@mantine/dropzone/styles.css';
import { Dropzone } from '@mantine/dropzone';
import { type ReactNode, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { type DropProblem, droppedPath, droppedThings } from './dropped-path.ts';

const PROBLEMS = {
  several: 'choose.drop.several',
  nowhere: 'choose.drop.nowhere',
  browser: 'choose.drop.browser',
} as const satisfies Record<DropProblem, string>;

interface DataDropProps {
  readonly isDisabled: boolean;
  /** One folder or file was dropped. */
  readonly onPath: (path: string) => void;
  readonly children?: ReactNode;
}

/** Takes a folder or file that is dropped; in a browser it says what to do instead. */
export function DataDrop({ isDisabled, onPath, children }: DataDropProps) {
  const { t } = useLanguage();
  const bridge = window.genba;
  const [problem, setProblem] = useState<DropProblem | null>(null);
  const take = (dropped: readonly unknown[]) => {
    const found = droppedPath(dropped, bridge?.pathOf);
    setProblem(typeof found === 'string' ? found : null);
    if (typeof found === 'object') onPath(found.path);
  };
  return (
    <Dropzone
      onDrop={take}
      getFilesFromEvent={droppedThings}
      disabled={isDisabled}
      activateOnClick={false}
      activateOnKeyboard={false}
      className={bridge === undefined ? 'drop drop--plain' : 'drop'}
    >
      <p>{bridge === undefined ? t('choose.drop.browser') : t('choose.drop')}</p>
      {children}
      <p role="alert" className="problem-line">
        {problem === null ? null : t(PROBLEMS[problem])}
      </p>
    </Dropzone>
  );
}
