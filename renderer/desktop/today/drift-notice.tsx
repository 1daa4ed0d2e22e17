import { driftChecks, driftSentence } from '@genba/shared/local-api/drift-sentences';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import { useNow } from '../../ui/use-now.ts';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';

interface DriftNoticeProps {
  readonly client: AgentClient;
  readonly drift: AgentStatus['drift'];
}

/** That newer data are unlike those before: since when, in what, and what to check. Gone once a person says so. */
export function DriftNotice({ client, drift }: DriftNoticeProps) {
  const { t, language, formats } = useLanguage();
  const nowMs = useNow();
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  if (drift === null) return null;
  const acknowledge = async () => setOutcome(await client.send('acknowledge-drift'));
  return (
    <section className="notice" data-tone="attention" aria-label={t('drift.title')}>
      <ToneIcon tone="attention" />
      <div className="break">
        <p className="notice__title">
          {t('drift.since', { time: formats.moment(drift.since, nowMs), count: drift.now })}
        </p>
        <ul>
          {drift.findings.map((finding) => (
            <li key={driftSentence(finding, language)}>{driftSentence(finding, language)}</li>
          ))}
        </ul>
        {driftChecks(drift.findings, language).map((check) => (
          <p key={check} className="soft">
            {check}
          </p>
        ))}
        <Button variant="default" mt="xs" onClick={() => void acknowledge()}>
          {t('drift.known')}
        </Button>
        <CommandFailure outcome={outcome} />
      </div>
    </section>
  );
}
