import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { Button, Switch } from '@mantine/core';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import { ToneIcon } from '../../ui/icons.tsx';
import type { AgentClient } from '../agent-client.ts';
import type { Failure } from '../agent-view.ts';
import { useIsConnected, useStatus } from '../use-status.ts';
import { DeskPanel } from './desk-panel.tsx';
import type { DeskView, LabelDesk, QueuedPicture } from './label-desk.ts';
import { LabelPicture } from './label-picture.tsx';
import { isKeyTaken, labellingKey } from './labelling-keys.ts';

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
  const { t, formats } = useLanguage();
  const isConnected = useIsConnected(client);
  const door = useSyncExternalStore(client.subscribe, () => client.view().pictures);
  const isOffline = useStatus(client, (status) => status.network.state === 'offline');
  const [hasKeys, setHasKeys] = useState(() => localStorage.getItem(KEYS_OFF) === null);
  useLabellingKeys({ desk, labeller, isOn: hasKeys && isConnected });
  return (
    <section className="desk" aria-label={t('label.desk')}>
      <div className="desk__head">
        <p className="desk__count" role="status">
          {t('label.count', {
            waiting: formats.count(view.waiting),
            labelled: formats.count(view.labelled),
          })}
        </p>
        <p>
          {t('label.by', { name: labeller })}{' '}
          <Button size="compact-sm" variant="subtle" onClick={onLabeller}>
            {t('label.by.change')}
          </Button>
        </p>
        <Switch
          label={t('label.keys')}
          checked={hasKeys}
          onChange={({ currentTarget: { checked } }) => {
            if (checked) localStorage.removeItem(KEYS_OFF);
            else localStorage.setItem(KEYS_OFF, 'off');
            setHasKeys(checked);
          }}
        />
      </div>
      <Trouble failure={view.trouble} />
      <div className="desk__work">
        <LabelPicture door={door} current={current} upcoming={view.upcoming} />
        <DeskPanel
          view={view}
          isDisabled={!isConnected}
          onClass={(className) => void desk.label(className, labeller)}
          onUndo={() => void desk.undo()}
          onNext={() => desk.next()}
          onPrevious={() => desk.previous()}
        />
      </div>
      <p className="soft">{t('label.hint')}</p>
      {isOffline ? <p className="soft">{t('label.offline')}</p> : null}
    </section>
  );
}

interface LabellingKeysOptions {
  readonly desk: LabelDesk;
  readonly labeller: string;
  /** Whether keys count: people who speak to their PC turn single keys off. */
  readonly isOn: boolean;
}

/** One key, one label. Keys that belong to what has the focus are left to it. */
function useLabellingKeys({ desk, labeller, isOn }: LabellingKeysOptions): void {
  useEffect(() => {
    if (!isOn) return;
    const press = (event: KeyboardEvent) => {
      const wish = labellingKey(event);
      if (wish === null || isKeyTaken(event.target, event)) return;
      event.preventDefault();
      const { classes, current } = desk.view();
      if (wish.kind === 'undo') void desk.undo();
      else if (wish.kind === 'next') desk.next();
      else if (wish.kind === 'previous') desk.previous();
      else {
        const className = wish.kind === 'confirm' ? current?.suggestion?.className : classes[wish.index];
        if (className !== undefined) void desk.label(className, labeller);
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [desk, labeller, isOn]);
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
