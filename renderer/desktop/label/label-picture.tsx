import { memo, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { PictureDoor } from '../picture-door.ts';
import { pictureFrom } from '../picture-door.ts';
import type { QueuedPicture } from './desk-pictures.ts';

interface LabelPictureProps {
  readonly door: PictureDoor | null;
  readonly current: QueuedPicture;
  /** Fetched behind it, so that they are there at once when their turn comes. */
  readonly upcoming: readonly QueuedPicture[];
}

/** The picture on the desk, as large as there is room. */
export const LabelPicture = memo(function LabelPicture({ door, current, upcoming }: LabelPictureProps) {
  const { t } = useLanguage();
  const [unseen, setUnseen] = useState<ReadonlySet<string>>(new Set());
  const isUnseen = unseen.has(current.picture);
  return (
    <figure className="desk__picture">
      {door === null || isUnseen ? (
        <p className="desk__unseen" role={isUnseen ? 'alert' : undefined}>
          {isUnseen ? t('label.picture.unseen') : null}
        </p>
      ) : (
        [current, ...upcoming].map((each) => (
          <img
            key={each.picture}
            src={pictureFrom(door, each.picture, 'large')}
            alt={each === current ? t('label.picture.alt', { name: each.name }) : ''}
            hidden={each !== current}
            draggable={false}
            onLoad={sharpenSmall}
            onError={() => setUnseen((before) => new Set(before).add(each.picture))}
          />
        ))
      )}
      <figcaption className="soft break">{current.name}</figcaption>
    </figure>
  );
});

/** A picture of few points is enlarged: its points stay points. */
const FEW_POINTS = 128;

function sharpenSmall({ currentTarget: image }: { readonly currentTarget: HTMLImageElement }): void {
  const isSmall = Math.max(image.naturalWidth, image.naturalHeight) <= FEW_POINTS;
  image.style.imageRendering = isSmall ? 'pixelated' : 'auto';
}
