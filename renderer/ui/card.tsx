import { type ReactNode, useId } from 'react';

/** How much of a row a card takes where there is room. */
export type CardWidth = 'third' | 'half' | 'wide' | 'full';

interface CardProps {
  readonly title: string;
  readonly width: CardWidth;
  readonly children: ReactNode;
}

/** One subject of the window under its heading. */
export function Card({ title, width, children }: CardProps) {
  const headingId = useId();
  return (
    <section className={`card card--${width}`} aria-labelledby={headingId}>
      <h2 id={headingId}>{title}</h2>
      {children}
    </section>
  );
}
