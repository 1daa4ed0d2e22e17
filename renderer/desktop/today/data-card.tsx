import type { AgentStatus } from '@genba/shared/local-api/messages';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { useNow } from '../../ui/use-now.ts';
import type { AgentClient } from '../agent-client.ts';
import { useStatus } from '../use-status.ts';

/** Classes shown before one asks for the rest. */
const CLASSES_AT_FIRST = 10;

/** How much there is to learn from, class by class. */
export function DataCard({ client }: { readonly client: AgentClient }) {
  const dataset = useStatus(client, (status) => status.dataset);
  const { t, formats } = useLanguage();
  if (dataset === null) {
    return (
      <Card title={t('data.title')} width="third">
        <p>{t('data.none')}</p>
      </Card>
    );
  }
  const { training, validation, skipped } = dataset;
  return (
    <Card title={t('data.title')} width="third">
      <p>{t('data.training', { count: training, formatted: formats.count(training) })}</p>
      <p className="soft">
        {t('data.validation', { count: validation, formatted: formats.count(validation) })}
      </p>
      {skipped > 0 ? (
        <p className="soft">{t('data.skipped', { count: skipped, formatted: formats.count(skipped) })}</p>
      ) : null}
      <Reading dataset={dataset} />
      <ClassBars classes={dataset.classes} />
      <p className="soft break push-down">{dataset.path}</p>
    </Card>
  );
}

/** How fresh the data are: when they were read, and what was new then. */
function Reading({ dataset }: { readonly dataset: NonNullable<AgentStatus['dataset']> }) {
  const { t, formats } = useLanguage();
  const nowMs = useNow();
  const { readAt, change, isReachable } = dataset;
  const words = { count: Math.abs(change ?? 0), formatted: formats.count(Math.abs(change ?? 0)) };
  return (
    <>
      <p className="soft">{t('data.readAt', { time: formats.moment(readAt, nowMs) })}</p>
      {change !== null && change > 0 ? <p className="soft">{t('data.change.more', words)}</p> : null}
      {change !== null && change < 0 ? <p className="soft">{t('data.change.fewer', words)}</p> : null}
      {isReachable ? null : <p>{t('data.unreachable')}</p>}
    </>
  );
}

function ClassBars({ classes }: Pick<NonNullable<AgentStatus['dataset']>, 'classes'>) {
  const { t, formats } = useLanguage();
  const [isComplete, setIsComplete] = useState(false);
  const largest = Math.max(1, ...classes.map(({ count }) => count));
  const shown = isComplete ? classes : classes.slice(0, CLASSES_AT_FIRST);
  const hiddenCount = classes.length - shown.length;
  return (
    <>
      <ul className="bars bars--aligned">
        {shown.map(({ name, count }) => (
          <li key={name}>
            <span className="bars__name">{name}</span>
            <span className="bars__track">
              <span className="bars__fill" style={{ width: `${(count / largest) * 100}%` }} />
            </span>
            <span className="bars__count">{formats.count(count)}</span>
          </li>
        ))}
      </ul>
      {hiddenCount > 0 ? (
        <Button variant="subtle" size="compact-sm" mt="xs" onClick={() => setIsComplete(true)}>
          {t('data.more', { count: hiddenCount })}
        </Button>
      ) : null}
    </>
  );
}
