import { lazy } from 'react';
import { Later } from '../../ui/later.tsx';
import { LoadingState } from '../../ui/screen-states.tsx';
import { StateBanner } from '../../ui/state-banner.tsx';
import type { AgentClient } from '../agent-client.ts';
import { useStateSentence } from '../contact-notice.tsx';
import type { ScreenProps } from '../screen-props.ts';
import { useIsConnected, useStatus } from '../use-status.ts';
import { ChangesCard } from './changes-card.tsx';
import { DataCard } from './data-card.tsx';
import { DiskNotice } from './disk-notice.tsx';
import { DriftNotice } from './drift-notice.tsx';
import { HistoryCard } from './history-card.tsx';
import { MethodCard } from './method-card.tsx';
import { PauseButton } from './pause-button.tsx';
import { ProblemNotice } from './problem-notice.tsx';
import { ServerNotice } from './server-notice.tsx';
import { TrainingCard } from './training-card.tsx';
import { UpdateNotice } from './update-notice.tsx';

// Needed once per PC, with code of its own for files and QR codes.
const FirstRun = lazy(async () => ({ default: (await import('../first-run/first-run.tsx')).FirstRun }));

/** How the plant stands, in one sentence, and below it what stands behind it. */
export function TodayScreen({ client }: ScreenProps) {
  const isConnected = useIsConnected(client);
  const phase = useStatus(client, (status) => status.phase);
  return (
    <>
      <TodayBanner client={client} />
      {isConnected ? <Notices client={client} /> : null}
      <UpdateNotice />
      <div className="cards cards--packed">
        {phase === 'unconfigured' ? (
          <Later before={<LoadingState />}>
            <FirstRun client={client} />
          </Later>
        ) : (
          <>
            <ChangesCard client={client} />
            <TrainingCard client={client} />
            <HistoryCard client={client} />
            <DataCard client={client} />
            <MethodCard client={client} />
          </>
        )}
      </div>
    </>
  );
}

function TodayBanner({ client }: { readonly client: AgentClient }) {
  const { tone, headline, next } = useStateSentence(client);
  const isConnected = useIsConnected(client);
  const phase = useStatus(client, (status) => status.phase);
  return (
    <StateBanner tone={tone} headline={headline} next={next}>
      {isConnected ? <PauseButton client={client} phase={phase} /> : undefined}
    </StateBanner>
  );
}

/** What somebody should know or do; nothing of it while the agent does not answer, since it may be over. */
function Notices({ client }: { readonly client: AgentClient }) {
  const problem = useStatus(client, (status) => status.problem);
  const phase = useStatus(client, (status) => status.phase);
  const disk = useStatus(client, (status) => status.disk);
  const drift = useStatus(client, (status) => status.drift);
  const notice = useStatus(client, (status) => status.notice);
  return (
    <>
      <ProblemNotice problem={problem} phase={phase} />
      <DiskNotice disk={disk} />
      <DriftNotice client={client} drift={drift} />
      <ServerNotice notice={notice} />
    </>
  );
}
