import type { AgentStatus } from '@genba/shared/local-api/messages';
import { timesText } from '@genba/shared/local-api/method-sentences';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import { useStatus } from '../use-status.ts';
import { methodNote } from './method-note.ts';

const NAMES = {
  tensorflow: 'method.tensorflow',
  webgpu: 'method.webgpu',
  wasm: 'method.wasm',
  cpu: 'method.cpu',
} as const satisfies Record<NonNullable<AgentStatus['backend']>['name'], string>;

/** How this PC computes, and why so. */
export function MethodCard({ client }: { readonly client: AgentClient }) {
  const backend = useStatus(client, (status) => status.backend);
  const { t } = useLanguage();
  return (
    <Card title={t('method.title')} width="third">
      {backend === null ? (
        <p>{t('method.none')}</p>
      ) : (
        <>
          <p className="lead__value lead__value--name">{t(NAMES[backend.name])}</p>
          {backend.device === undefined ? null : (
            <p className="break">
              {t(backend.device.isSoftware ? 'method.software' : 'method.gpu', { name: backend.device.name })}
              {backend.timesCpu === undefined
                ? null
                : t('method.faster', { times: timesText(backend.timesCpu) })}
            </p>
          )}
          <p className="soft">{t(methodNote(backend))}</p>
          {backend.note === null ? null : (
            <p className="soft break">{t('method.reason', { reason: backend.note })}</p>
          )}
        </>
      )}
      <p className="soft push-down">{t('data.private')}</p>
    </Card>
  );
}
