import { Button, Modal } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LoadingState } from '../../ui/screen-states.tsx';
import { searchQrText } from './qr-picture.ts';

/** Between two looks at the camera's picture, milliseconds. */
const LOOK_EVERY_MS = 250;
const SEARCHED_SIDE = 800;

interface QrCameraProps {
  readonly onFound: (text: string) => void;
  readonly onClose: () => void;
}

/** Whether this window may ask for a camera at all; the desktop shell never allows it. */
export function mayAskForCamera(): boolean {
  return window.genba === undefined && navigator.mediaDevices !== undefined;
}

/** Holds a QR code before the camera until it is read. The camera is off as soon as this is gone. */
export function QrCamera({ onFound, onClose }: QrCameraProps) {
  const { t } = useLanguage();
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<'asking' | 'looking' | 'refused'>('asking');
  const found = useRef(onFound);
  found.current = onFound;
  useEffect(() => {
    let isOver = false;
    let stream: MediaStream | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      const element = video.current;
      if (isOver || element === null) return;
      const { videoWidth: width, videoHeight: height } = element;
      const text = width === 0 ? null : searchQrText({ source: element, width, height }, SEARCHED_SIDE);
      if (text !== null) return found.current(text);
      timer = setTimeout(look, LOOK_EVERY_MS);
    };
    const begin = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      const element = video.current;
      if (isOver || element === null) return stop();
      element.srcObject = stream;
      await element.play();
      setState('looking');
      look();
    };
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    begin().catch(() => {
      if (!isOver) setState('refused');
    });
    return () => {
      isOver = true;
      clearTimeout(timer);
      stop();
    };
  }, []);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('join.camera.title')}
      closeButtonProps={{ 'aria-label': t('join.camera.close') }}
    >
      {state === 'asking' ? <LoadingState text={t('join.camera.asking')} /> : null}
      {state === 'refused' ? <p role="alert">{t('join.camera.refused')}</p> : null}
      {state === 'looking' ? <p role="status">{t('join.camera.looking')}</p> : null}
      <video ref={video} className="qr-camera" muted playsInline hidden={state !== 'looking'} />
      <Button variant="default" mt="sm" onClick={onClose}>
        {t('join.camera.close')}
      </Button>
    </Modal>
  );
}
