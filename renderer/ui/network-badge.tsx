import type { NetworkState } from '@genba/shared/local-api/network';
import { useLanguage } from './i18n/use-language.ts';
import { ToneIcon } from './icons.tsx';
import type { Tone } from './tone.ts';

const LOOKS = {
  online: { tone: 'good', label: 'network.online' },
  connecting: { tone: 'waiting', label: 'network.connecting' },
  offline: { tone: 'offline', label: 'network.offline' },
  'outside-plan': { tone: 'paused', label: 'network.outsidePlan' },
} as const satisfies Record<NetworkState, { tone: Tone; label: string }>;

/** Whether a plant reaches its aggregator. */
export function NetworkBadge({ state }: { readonly state: NetworkState }) {
  const { t } = useLanguage();
  const { tone, label } = LOOKS[state];
  return (
    <span className="badge" data-tone={tone}>
      <ToneIcon tone={tone} size="1.125rem" />
      {t(label)}
    </span>
  );
}
