import type { AgentPhase } from '@genba/shared/local-api/messages';
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { PauseIcon, ResumeIcon } from '../../ui/icons.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { CommandOutcome } from '../agent-view.ts';
import { CommandFailure } from '../command-failure.tsx';

/** What the button does in a phase; nothing where there is nothing to pause. */
const COMMANDS: Partial<Record<AgentPhase, 'pause' | 'resume'>> = {
  'awaiting-weights': 'pause',
  training: 'pause',
  idle: 'pause',
  paused: 'resume',
};

interface PauseButtonProps {
  readonly client: AgentClient;
  readonly phase: AgentPhase;
}

/** Pauses or resumes training; asks once and waits for the answer. */
export function PauseButton({ client, phase }: PauseButtonProps) {
  const { t } = useLanguage();
  const [isAsking, setIsAsking] = useState(false);
  const [outcome, setOutcome] = useState<CommandOutcome | null>(null);
  const command = COMMANDS[phase];
  // A new phase answers the question, whoever asked; an old refusal means nothing any more.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the command is the trigger, not an input
  useEffect(() => {
    setIsAsking(false);
    setOutcome(null);
  }, [command]);
  if (command === undefined) return null;
  const ask = async () => {
    setIsAsking(true);
    setOutcome(null);
    const answer = await client.send(command);
    setOutcome(answer);
    if (answer.kind !== 'done') setIsAsking(false);
  };
  return (
    <>
      <Button
        size="md"
        variant={command === 'pause' ? 'default' : 'filled'}
        leftSection={command === 'pause' ? <PauseIcon size="1.25rem" /> : <ResumeIcon size="1.25rem" />}
        disabled={isAsking}
        onClick={() => void ask()}
      >
        {command === 'pause' ? t('action.pause') : t('action.resume')}
      </Button>
      <CommandFailure outcome={outcome} />
    </>
  );
}
