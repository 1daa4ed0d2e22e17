import '@mantine/dropzone/styles.css';
import { exchangePath } from '@genba/shared/local-api/exchange';
import { Button, TextInput } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { JudgeDesk } from './judge-desk.ts';
import { type DropProblem, orderOf } from './judge-file.ts';

/** So many files are taken at a time. */
const MAX_FILES = 500;

const PROBLEMS = {
  tooLarge: 'judge.drop.tooLarge',
  needsPath: 'judge.drop.needsPath',
  unreadable: 'judge.drop.unreadable',
} as const satisfies Record<DropProblem, string>;

interface JudgeInputProps {
  readonly desk: JudgeDesk;
  /** The model judges rows of CSV files, not pictures. */
  readonly isForRows: boolean;
  readonly isDisabled: boolean;
}

/** Takes what is to be judged: dropped, chosen, or named by its path. */
export function JudgeInput({ desk, isForRows, isDisabled }: JudgeInputProps) {
  const { t } = useLanguage();
  const [problem, setProblem] = useState<DropProblem | null>(null);
  const take = async (files: readonly File[]) => {
    setProblem(null);
    for (const file of files) {
      const order = await orderOf(file, (each) => window.genba?.pathOf(each) ?? '');
      if (typeof order === 'string') setProblem(order);
      else void desk.judge(order);
    }
  };
  const wish = t(isForRows ? 'judge.drop.rows' : 'judge.drop');
  // A table is judged where it lies, and a browser does not say where that is.
  const canDrop = !isForRows || window.genba !== undefined;
  return (
    <div className="judge__input">
      {canDrop ? (
        <Dropzone
          onDrop={(files) => void take(files)}
          onReject={() => setProblem('tooLarge')}
          maxFiles={MAX_FILES}
          disabled={isDisabled}
          inputProps={{ 'aria-label': wish }}
          // A folder's place is asked of the shell, which knows it; the page need not look into it.
          useFsAccessApi={false}
          className="judge__drop"
        >
          <p>
            <strong>{wish}</strong>
          </p>
          <p className="soft">{t('judge.drop.hint')}</p>
        </Dropzone>
      ) : null}
      <PathForm desk={desk} isForRows={isForRows} isDisabled={isDisabled} />
      {problem === null ? null : (
        <p className="notice" data-tone="attention" role="alert">
          {t(PROBLEMS[problem])}
        </p>
      )}
    </div>
  );
}

/** Names a file or folder of this PC, or asks the system's dialog for one. */
function PathForm({ desk, isForRows, isDisabled }: JudgeInputProps) {
  const { t } = useLanguage();
  const [text, setText] = useState('');
  const judge = (path: string) =>
    void desk.judge({ subject: { kind: 'paths', paths: [path] }, picture: null });
  const choose = async (kind: 'folder' | 'table') => {
    const path = await window.genba?.choosePath(kind);
    if (path) judge(path);
  };
  if (window.genba !== undefined) {
    return (
      <div className="judge__choose">
        {isForRows ? (
          <Button variant="default" disabled={isDisabled} onClick={() => void choose('table')}>
            {t('judge.chooseTable')}
          </Button>
        ) : null}
        <Button variant="default" disabled={isDisabled} onClick={() => void choose('folder')}>
          {t('judge.chooseFolder')}
        </Button>
      </div>
    );
  }
  return (
    <form
      className="judge__path"
      onSubmit={(event) => {
        event.preventDefault();
        const path = exchangePath.safeParse(text.trim().replace(/^"(.*)"$/, '$1'));
        if (path.success) judge(path.data);
      }}
    >
      <TextInput
        label={t(isForRows ? 'judge.path.rows' : 'judge.path')}
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={isDisabled || text.trim() === ''}>
        {t('judge.path.go')}
      </Button>
    </form>
  );
}
