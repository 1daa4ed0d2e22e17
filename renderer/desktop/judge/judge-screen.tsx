import './judge.css';
import { Tabs } from '@mantine/core';
import { useState } from 'react';
import { useLanguage } from '../../ui/i18n/use-language.ts';
import type { ScreenProps } from '../screen-props.ts';
import { JudgeOnce } from './judge-once.tsx';
import { WatchPanel } from './watch/watch-panel.tsx';

const WAYS = ['once', 'watch'] as const;
type Way = (typeof WAYS)[number];

/** A PC at the line shows its watch again when its window is opened anew. */
const STORED_AS = 'genba.judge.way';

/** What the model says of new parts: of some that a person has chosen, or of all that come. */
export function JudgeScreen({ client }: ScreenProps) {
  const { t } = useLanguage();
  const [way, setWay] = useState<Way>(() => {
    return localStorage.getItem(STORED_AS) === 'watch' ? 'watch' : 'once';
  });
  const choose = (name: string | null) => {
    const next = WAYS.find((each) => each === name);
    if (next === undefined) return;
    localStorage.setItem(STORED_AS, next);
    setWay(next);
  };
  return (
    <Tabs value={way} onChange={choose} keepMounted={false}>
      <Tabs.List aria-label={t('judge.way')} mb="sm">
        <Tabs.Tab value="once">{t('judge.way.once')}</Tabs.Tab>
        <Tabs.Tab value="watch">{t('judge.way.watch')}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="once">
        <JudgeOnce client={client} />
      </Tabs.Panel>
      <Tabs.Panel value="watch">
        <WatchPanel client={client} />
      </Tabs.Panel>
    </Tabs>
  );
}
