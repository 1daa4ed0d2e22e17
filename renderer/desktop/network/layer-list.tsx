import type { LayerReport } from '@genba/shared/local-api/doctor';
import { layerName, layerStatus } from '@genba/shared/local-api/doctor-report-text';
import { useId } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import type { Tone } from '../../ui/tone.ts';

const TONES = {
  passed: 'good',
  failed: 'stopped',
  skipped: 'paused',
  'not-reached': 'paused',
} as const satisfies Record<LayerReport['status'], Tone>;

interface LayerListProps {
  readonly title: string;
  readonly layers: readonly LayerReport[];
}

/** How each layer of one way stands. */
export function LayerList({ title, layers }: LayerListProps) {
  const { language } = useLanguage();
  const titleId = useId();
  return (
    <div>
      <p id={titleId} className="soft break">
        {title}
      </p>
      <ul className="layers" aria-labelledby={titleId}>
        {layers.map(({ layer, status }) => (
          <li key={layer} data-tone={TONES[status]}>
            <ToneIcon tone={TONES[status]} size="1.25rem" />
            <span>{layerName(layer, language)}</span>
            <span className="layers__status">{layerStatus(status, language)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
