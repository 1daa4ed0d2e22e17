import { toAppError } from '@genba/shared/errors/app-error';
import { ERROR_CATALOGUE, type ErrorCode } from '@genba/shared/errors/catalogue';
import { type Invitation, readInvitation } from '@genba/shared/identity/invitation';
import type { HandedInvitation } from '@genba/shared/local-api/window';
import { useCallback, useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { AgentClient } from '../agent-client.ts';
import { useHandedInvitation } from '../handed/use-handed-invitation.ts';
import { useStatus } from '../use-status.ts';
import { invitationTextIn } from './invitation-file.ts';
import { InvitationForm } from './invitation-form.tsx';
import { InvitationSummary } from './invitation-summary.tsx';

/** An invitation that can be read, with the text that the agent takes. */
interface Offer {
  readonly text: string;
  readonly invitation: Invitation;
}

interface JoinStepProps {
  readonly client: AgentClient;
  /** The agent has enrolled this PC. */
  readonly onJoined: () => void;
}

/** Joining with an invitation: hand it over, see who invites to what, and say yes. */
export function JoinStep({ client, onJoined }: JoinStepProps) {
  const { language } = useLanguage();
  const [typed, setTyped] = useState('');
  const [offer, setOffer] = useState<Offer | null>(null);
  const [problem, setProblem] = useState<ErrorCode | null>(null);
  const read = useCallback((given: string) => {
    const text = invitationTextIn(given);
    try {
      setOffer({ text, invitation: readInvitation(text, new Date()) });
      setProblem(null);
    } catch (thrown) {
      setOffer(null);
      setProblem(toAppError(thrown).code);
    }
  }, []);
  const isJoined = useStatus(client, (status) => status.security !== null);
  const take = useCallback(
    (handed: HandedInvitation) => {
      if (handed.state === 'ready') read(handed.text);
      else setProblem(handed.problem);
    },
    [read],
  );
  useHandedInvitation(!isJoined, take);
  if (offer !== null) {
    return (
      <InvitationSummary
        client={client}
        text={offer.text}
        invitation={offer.invitation}
        onBack={() => setOffer(null)}
        onJoined={onJoined}
      />
    );
  }
  return (
    <InvitationForm
      typed={typed}
      onTyped={(text) => {
        setTyped(text);
        setProblem(null);
      }}
      onGiven={read}
      problem={problem === null ? null : ERROR_CATALOGUE[problem][language]}
    />
  );
}
