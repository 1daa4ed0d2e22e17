import './label.css';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { EmptyState, ErrorState, LoadingState } from '../../ui/screen-states.tsx';
import type { Failure } from '../agent-view.ts';
import type { ScreenProps } from '../screen-props.ts';
import { useInputKind } from '../use-input-kind.ts';
import { useIsConnected, useStatus } from '../use-status.ts';
import { InboxForm } from './inbox-form.tsx';
import { LabelDesk } from './label-desk.ts';
import { LabellerForm } from './labeller-form.tsx';
import { LabellingDesk } from './labelling-desk.tsx';
import { UndoButton } from './undo-button.tsx';
import { useLabeller } from './use-labeller.ts';

/** How often it is looked for new pictures while none waits, milliseconds. */
const LOOK_EVERY_MS = 10_000;
/** And while the agent still reads the folder, or the model still judges what waits. */
const FOLLOW_EVERY_MS = 3_000;

/** People say what new pictures show: one key each. Rows of CSV files bring their class with them. */
export function LabelScreen({ client }: ScreenProps) {
  const { language } = useLanguage();
  const isForRows = useInputKind(client) === 'rows';
  if (isForRows) return <EmptyState text={ERROR_CATALOGUE['labels/no-classes'][language]} />;
  return <PictureLabels client={client} />;
}

function PictureLabels({ client }: ScreenProps) {
  const { t } = useLanguage();
  const [labeller, setLabeller] = useLabeller();
  const [desk] = useState(() => new LabelDesk(client, labeller));
  const view = useSyncExternalStore(desk.subscribe, desk.view);
  const isConnected = useIsConnected(client);
  const model = useStatus(client, (status) => status.model?.inUse ?? null);
  const forgetLabeller = useCallback(() => setLabeller(null), [setLabeller]);
  const isMoving = view.unread > 0 || view.unjudged > 0;
  const lookEveryMs = isMoving ? FOLLOW_EVERY_MS : view.current === null ? LOOK_EVERY_MS : null;
  useEffect(() => void desk.sitDown(labeller), [desk, labeller]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another model suggests other things, in another order
  useEffect(() => {
    if (isConnected) void desk.look();
  }, [desk, isConnected, model]);
  useEffect(() => {
    if (!isConnected || lookEveryMs === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) void desk.look();
    }, lookEveryMs);
    return () => clearInterval(timer);
  }, [desk, isConnected, lookEveryMs]);

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
        <UndoButton own={view.own} others={view.others} isDisabled={!isConnected} onUndo={desk.undo} />
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
      onLabeller={forgetLabeller}
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
