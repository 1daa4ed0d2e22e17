import './label.css';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { EmptyState, ErrorState, LoadingState } from '../../ui/screen-states.tsx';
import type { Failure } from '../agent-view.ts';
import type { ScreenProps } from '../screen-props.ts';
import { useIsConnected } from '../use-status.ts';
import { UndoButton } from './desk-panel.tsx';
import { InboxForm } from './inbox-form.tsx';
import { LabelDesk } from './label-desk.ts';
import { LabellerForm } from './labeller-form.tsx';
import { LabellingDesk } from './labelling-desk.tsx';
import { useLabeller } from './use-labeller.ts';

/** How often it is looked for new pictures while none waits, milliseconds. */
const LOOK_EVERY_MS = 10_000;

/** People say what new pictures show: one key each. */
export function LabelScreen({ client }: ScreenProps) {
  const { t } = useLanguage();
  const [desk] = useState(() => new LabelDesk(client));
  const view = useSyncExternalStore(desk.subscribe, desk.view);
  const isConnected = useIsConnected(client);
  const [labeller, setLabeller] = useLabeller();
  const mustLook = isConnected && view.current === null;
  useEffect(() => {
    if (isConnected) void desk.look();
  }, [desk, isConnected]);
  useEffect(() => {
    if (!mustLook) return;
    const timer = setInterval(() => {
      if (!document.hidden) void desk.look();
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [desk, mustLook]);

  if (view.failure !== null && view.current === null) {
    return <NoList failure={view.failure} client={client} desk={desk} />;
  }
  if (view.isLoading) return <LoadingState text={t('label.loading')} />;
  if (view.folder === null) {
    return (
      <EmptyState text={t('label.folder.none')}>
        <InboxForm client={client} folder={null} onChosen={() => void desk.restart()} />
      </EmptyState>
    );
  }
  if (labeller === null) return <LabellerForm onName={setLabeller} />;
  if (view.current === null) {
    return (
      <EmptyState text={t(view.labelled > 0 ? 'label.allDone' : 'label.nothing', { folder: view.folder })}>
        <p className="desk__count" role="status">
          {t('label.count.done', { count: view.labelled })}
        </p>
        <UndoButton last={view.last} isDisabled={!isConnected} onUndo={() => void desk.undo()} />
        <InboxForm client={client} folder={view.folder} onChosen={() => void desk.restart()} />
      </EmptyState>
    );
  }
  return (
    <LabellingDesk
      client={client}
      desk={desk}
      view={view}
      current={view.current}
      labeller={labeller}
      onLabeller={() => setLabeller(null)}
    />
  );
}

/** There is no list of pictures, why, and what helps. */
function NoList({
  failure,
  client,
  desk,
}: ScreenProps & { readonly failure: Failure; readonly desk: LabelDesk }) {
  const { t, language } = useLanguage();
  const retry = () => void desk.restart();
  if (failure.kind === 'unanswered') return <ErrorState text={t('label.unanswered')} onRetry={retry} />;
  return (
    <>
      <ErrorState text={ERROR_CATALOGUE[failure.code][language]} detail={failure.detail} onRetry={retry} />
      {failure.code === 'labels/folder-not-found' ? (
        <InboxForm client={client} folder={null} onChosen={retry} />
      ) : null}
    </>
  );
}
