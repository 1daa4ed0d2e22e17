import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { Button, Switch } from '@mantine/core';
import { memo, useEffect, useState, useSyncExternalStore } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { Failure } from '../agent-view.ts';
import { useIsConnected, useStatus } from '../use-status.ts';
import { FIND_FIELD } from './class-buttons.tsx';
import { DeskPanel } from './desk-panel.tsx';
import type { QueuedPicture } from './desk-pictures.ts';
import type { DeskView, LabelDesk } from './label-desk.ts';
import { LabelPicture } from './label-picture.tsx';
import { CLASSES_WITH_DIGIT, isKeyTaken, labellingKey } from './labelling-keys.ts';

const KEYS_OFF = 'genba.labelling-keys-off';

interface LabellingDeskProps {
  readonly client: AgentClient;
  readonly desk: LabelDesk;
  readonly view: DeskView;
  readonly current: QueuedPicture;
  readonly labeller: string;
  /** Somebody else sits down. */
  readonly onLabeller: () => void;
}

/** One picture, what can be said of it, and how far one has got. */
export function LabellingDesk({ client, desk, view, current, labeller, onLabeller }: LabellingDeskProps) {
  const { t } = useLanguage();
  const isConnected = useIsConnected(client);
  const door = useSyncExternalStore(client.subscribe, () => client.view().pictures);
  const isOffline = useStatus(client, (status) => status.network.state === 'offline');
  const [hasKeys, setHasKeys] = useState(() => localStorage.getItem(KEYS_OFF) === null);
  useLabellingKeys(desk, hasKeys && isConnected);
  const isMany = view.classes.length > CLASSES_WITH_DIGIT;
  return (
    <section className="desk" aria-label={t('label.desk')}>
      <div className="desk__head">
        <DeskCount view={view} />
        <DeskOwner labeller={labeller} onLabeller={onLabeller} />
        <KeySwitch hasKeys={hasKeys} onChange={setHasKeys} />
      </div>
      <Trouble failure={view.trouble} />
      <div className="desk__work">
        <LabelPicture door={door} current={current} upcoming={view.upcoming} />
        <DeskPanel desk={desk} view={view} isDisabled={!isConnected} />
      </div>
      <p className="soft">{t(isMany ? 'label.hint.many' : 'label.hint')}</p>
      {isOffline ? <p className="soft">{t('label.offline')}</p> : null}
    </section>
  );
}

/** How far one has got, and what is still being looked at. */
function DeskCount({ view }: { readonly view: DeskView }) {
  const { t, formats } = useLanguage();
  return (
    <div>
      <p className="desk__count" role="status">
        {t('label.count', { waiting: formats.count(view.waiting), labelled: formats.count(view.labelled) })}
      </p>
      {view.unread > 0 ? (
        <p className="soft">
          {t('label.unread', { count: view.unread, number: formats.count(view.unread) })}
        </p>
      ) : view.unjudged > 0 ? (
        <p className="soft">
          {t('label.unjudged', { count: view.unjudged, number: formats.count(view.unjudged) })}
        </p>
      ) : null}
    </div>
  );
}

const DeskOwner = memo(function DeskOwner({
  labeller,
  onLabeller,
}: Pick<LabellingDeskProps, 'labeller' | 'onLabeller'>) {
  const { t } = useLanguage();
  return (
    <p>
      {t('label.by', { name: labeller })}{' '}
      <Button size="compact-sm" variant="subtle" onClick={onLabeller}>
        {t('label.by.change')}
      </Button>
    </p>
  );
});

interface KeySwitchProps {
  readonly hasKeys: boolean;
  readonly onChange: (hasKeys: boolean) => void;
}

const KeySwitch = memo(function KeySwitch({ hasKeys, onChange }: KeySwitchProps) {
  const { t } = useLanguage();
  return (
    <Switch
      label={t('label.keys')}
      checked={hasKeys}
      onChange={({ currentTarget: { checked } }) => {
        if (checked) localStorage.removeItem(KEYS_OFF);
        else localStorage.setItem(KEYS_OFF, 'off');
        onChange(checked);
      }}
    />
  );
});

/**
 * One key, one label. Keys that belong to what has the focus are left to it.
 * @param isOn whether keys count: people who speak to their PC turn single keys off
 */
function useLabellingKeys(desk: LabelDesk, isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    const press = (event: KeyboardEvent) => {
      const wish = labellingKey(event);
      if (wish === null || isKeyTaken(event.target, event)) return;
      const { classes, current } = desk.view();
      const work = {
        undo: () => void desk.undo(),
        next: () => void desk.next(),
        previous: () => desk.previous(),
        find: () => document.getElementById(FIND_FIELD)?.focus(),
        confirm: () => labelAs(current?.suggestion?.className),
        class: () => labelAs(wish.kind === 'class' ? classes[wish.index] : undefined),
      }[wish.kind];
      event.preventDefault();
      work();
    };
    const labelAs = (className: string | undefined) => {
      if (className !== undefined) void desk.label(className);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [desk, isOn]);
}

/** That the newest label was not kept, and why. */
function Trouble({ failure }: { readonly failure: Failure | null }) {
  const { t, language } = useLanguage();
  if (failure === null) return null;
  const reason =
    failure.kind === 'refused' ? ERROR_CATALOGUE[failure.code][language] : t('action.unanswered');
  return (
    <div className="notice" data-tone="attention" role="alert">
      <ToneIcon tone="attention" />
      <p>{t('label.notKept', { reason })}</p>
    </div>
  );
}
