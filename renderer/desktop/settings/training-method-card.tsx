import { methodSentences, methodTitle } from '@genba/shared/local-api/method-sentences';
import { BACKEND_NAMES, type MethodName } from '@genba/shared/local-api/methods';
import { Button, List, NativeSelect } from '@mantine/core';
import { Card } from '../../ui/card.tsx';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { LoadingState } from '../../ui/screen-states.tsx';
import type { AgentClient } from '../agent-client.ts';
import { CommandFailure } from '../command-failure.tsx';
import { useAnswer } from '../use-answer.ts';
import { useIsConnected, useStatus } from '../use-status.ts';
import { useSaving } from './use-saving.ts';

/** Value of the choice that leaves it to the measurement. */
const FASTEST = 'fastest';

/** With what this PC trains, how fast each way is, and which is to be used. */
export function TrainingMethodCard({ client }: { readonly client: AgentClient }) {
  const { t, language } = useLanguage();
  const isConnected = useIsConnected(client);
  // A measurement that ends shows in these.
  const standing = useStatus(client, ({ phase, backend }) => `${phase} ${backend?.name}`);
  const { answer, failure, ask } = useAnswer(client, { query: 'methods' }, standing);
  const { isSaving, outcome, save } = useSaving(client);
  const report = answer?.report ?? null;
  const choose = async (method: MethodName | null) => {
    const before = report?.requested ?? null;
    await save({ command: 'set-method', method }, { command: 'set-method', method: before });
    ask();
  };
  const measure = async () => {
    await save('measure-methods', null, 'way.willMeasure');
    ask();
  };
  return (
    <Card title={t('way.title')} width="half">
      {report === null ? (
        failure === null ? (
          <LoadingState text={t('way.loading')} />
        ) : (
          <CommandFailure outcome={failure} />
        )
      ) : (
        <div className="form">
          <NativeSelect
            label={t('way.choice')}
            value={report.requested ?? FASTEST}
            disabled={isSaving || !isConnected}
            data={[
              { value: FASTEST, label: t('way.fastest') },
              ...BACKEND_NAMES.map((name) => ({ value: name, label: methodTitle(name, language) })),
            ]}
            onChange={({ currentTarget: { value } }) =>
              void choose(value === FASTEST ? null : (value as MethodName))
            }
          />
          <List>
            {methodSentences(report, language)
              .slice(1)
              .map((sentence) => (
                <List.Item key={sentence} className="break">
                  {sentence}
                </List.Item>
              ))}
          </List>
          <Button variant="default" disabled={isSaving || !isConnected} onClick={() => void measure()}>
            {t('way.measure')}
          </Button>
          <CommandFailure outcome={outcome} />
        </div>
      )}
    </Card>
  );
}
