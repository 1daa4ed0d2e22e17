import { MantineProvider } from '@mantine/core';
import type { ReactNode } from 'react';
import { GenbaMark } from './icons.tsx';
import { LanguageSwitch } from './language-switch.tsx';
import { SkipLink } from './skip-link.tsx';
import { theme } from './theme.ts';

interface PageFrameProps {
  readonly title: string;
  readonly subtitle: string | null;
  /** Stands beside the language switch. */
  readonly badge: ReactNode;
  readonly footer: ReactNode;
  readonly children: ReactNode;
}

/** What both pages share: theme, header with the language switch, main part, footer. */
export function PageFrame({ title, subtitle, badge, footer, children }: PageFrameProps) {
  return (
    <MantineProvider theme={theme} forceColorScheme="light">
      <div className="page">
        <SkipLink />
        <header className="page-header">
          <span className="page-header__mark">
            <GenbaMark size="2rem" />
          </span>
          <div>
            <h1>{title}</h1>
            {subtitle === null ? null : <p className="page-header__task">{subtitle}</p>}
          </div>
          <div className="page-header__end">
            {badge}
            <LanguageSwitch />
          </div>
        </header>
        <main id="content" tabIndex={-1}>
          {children}
        </main>
        <footer className="page-footer">{footer}</footer>
      </div>
    </MantineProvider>
  );
}
