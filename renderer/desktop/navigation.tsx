import { NavLink } from '@mantine/core';
import { useEffect } from 'react';
import { useLanguage } from '../ui/i18n/use-language.ts';
import { addressOf, goTo, PLACES, type Place, usePlace } from './place.ts';
import { SCREENS } from './screens.tsx';

/** The number that leads to a place together with Alt; it stays the same whichever screens there are. */
function digitOf(place: Place): string {
  return `${PLACES.indexOf(place) + 1}`;
}

/** The way to every screen: links, and Alt with a number. */
export function Navigation() {
  const { t } = useLanguage();
  const place = usePlace();
  useEffect(() => {
    const follow = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      // By the key's place on the keyboard: with Alt, some layouts type another sign.
      const wanted = SCREENS.find((screen) => event.code === `Digit${digitOf(screen.place)}`);
      if (wanted === undefined) return;
      event.preventDefault();
      goTo(wanted.place);
    };
    window.addEventListener('keydown', follow);
    return () => window.removeEventListener('keydown', follow);
  }, []);
  return (
    <nav className="navigation" aria-label={t('nav.screens')}>
      {SCREENS.map(({ place: target, label, Icon }) => (
        <NavLink
          key={target}
          href={addressOf(target)}
          label={t(label)}
          leftSection={<Icon size="1.25rem" />}
          active={target === place}
          aria-current={target === place ? 'page' : undefined}
          aria-keyshortcuts={`Alt+${digitOf(target)}`}
          title={t('nav.shortcut', { name: t(label), key: digitOf(target) })}
        />
      ))}
    </nav>
  );
}
