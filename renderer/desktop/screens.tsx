import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import type { en } from '../ui/i18n/en.ts';
import { JudgeIcon, LabelIcon, ModelIcon, NetworkIcon, SettingsIcon, TodayIcon } from '../ui/icons.tsx';
import type { Place } from './place.ts';
import type { ScreenProps } from './screen-props.ts';
import { TodayScreen } from './today/today-screen.tsx';

interface ScreenEntry {
  readonly place: Place;
  /** Its name, in the navigation and as its heading. */
  readonly label: Extract<keyof typeof en, `nav.${Place}`>;
  readonly Icon: ComponentType<{ readonly size?: string }>;
  readonly Screen: ComponentType<ScreenProps> | LazyExoticComponent<ComponentType<ScreenProps>>;
}

/**
 * Every screen there is, in the order of the navigation. A new screen is one entry here, a word under `nav.…`, and its
 * folder. Only the first one is in the code that the window needs to show anything at all.
 */
export const SCREENS: readonly ScreenEntry[] = [
  { place: 'today', label: 'nav.today', Icon: TodayIcon, Screen: TodayScreen },
  {
    place: 'model',
    label: 'nav.model',
    Icon: ModelIcon,
    Screen: lazy(async () => ({ default: (await import('./model/model-screen.tsx')).ModelScreen })),
  },
  {
    place: 'label',
    label: 'nav.label',
    Icon: LabelIcon,
    Screen: lazy(async () => ({ default: (await import('./label/label-screen.tsx')).LabelScreen })),
  },
  {
    place: 'judge',
    label: 'nav.judge',
    Icon: JudgeIcon,
    Screen: lazy(async () => ({ default: (await import('./judge/judge-screen.tsx')).JudgeScreen })),
  },
  {
    place: 'network',
    label: 'nav.network',
    Icon: NetworkIcon,
    Screen: lazy(async () => ({ default: (await import('./network/network-screen.tsx')).NetworkScreen })),
  },
  {
    place: 'settings',
    label: 'nav.settings',
    Icon: SettingsIcon,
    Screen: lazy(async () => ({ default: (await import('./settings/settings-screen.tsx')).SettingsScreen })),
  },
];
