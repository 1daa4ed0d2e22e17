import { INVITATION_FILE_EXTENSION } from '@genba/shared/identity/invitation';
import { Button, Textarea } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { useRef, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { readInvitationFile } from './invitation-file.ts';
import { mayAskForCamera, QrCamera } from './qr-camera.tsx';

interface InvitationFormProps {
  /** What stands in the field. */
  readonly typed: string;
  readonly onTyped: (text: string) => void;
  /** An invitation was handed over, in whichever way. */
  readonly onGiven: (text: string) => void;
  /** Why the last one could not be read; null where nothing was wrong. */
  readonly problem: string | null;
}

/** The ways to hand an invitation over: paste its link, drop its file or a picture of its QR code, show it to a camera. */
export function InvitationForm({ typed, onTyped, onGiven, problem }: InvitationFormProps) {
  const { t } = useLanguage();
  const [fileProblem, setFileProblem] = useState<string | null>(null);
  const [isFilming, setIsFilming] = useState(false);
  const openFiles = useRef<() => void>(null);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    const content = await readInvitationFile(file);
    if (content.kind === 'text') return give(content.text);
    setFileProblem(content.kind === 'no-code' ? t('join.file.noCode') : t('join.file.other'));
  };
  const give = (text: string) => {
    setFileProblem(null);
    onGiven(text);
  };
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        give(typed);
      }}
    >
      <p>{t('join.intro')}</p>
      <Textarea
        label={t('join.link.label')}
        description={t('join.link.hint')}
        placeholder="genba://enrol?…"
        autosize
        minRows={2}
        maxRows={6}
        value={typed}
        error={problem}
        onChange={({ currentTarget }) => {
          setFileProblem(null);
          onTyped(currentTarget.value);
        }}
        onPaste={({ clipboardData }) => void take(clipboardData.files[0])}
        onKeyDown={(event) => {
          // A link has no lines; while Japanese is being composed, Enter ends that.
          if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
          event.preventDefault();
          event.currentTarget.form?.requestSubmit();
        }}
      />
      <Button type="submit" disabled={typed.trim() === ''}>
        {t('join.next')}
      </Button>
      <Dropzone
        onDrop={([file]) => void take(file)}
        openRef={openFiles}
        multiple={false}
        activateOnClick={false}
        activateOnKeyboard={false}
        className="drop"
      >
        <p>{t('join.drop', { ending: INVITATION_FILE_EXTENSION })}</p>
        <div className="drop__buttons">
          <Button variant="default" onClick={() => openFiles.current?.()}>
            {t('join.file')}
          </Button>
          {mayAskForCamera() ? (
            <Button variant="default" onClick={() => setIsFilming(true)}>
              {t('join.camera')}
            </Button>
          ) : null}
        </div>
        <p role="alert" className="problem-line">
          {fileProblem}
        </p>
      </Dropzone>
      {isFilming ? (
        <QrCamera
          onClose={() => setIsFilming(false)}
          onFound={(text) => {
            setIsFilming(false);
            give(text);
          }}
        />
      ) : null}
    </form>
  );
}
