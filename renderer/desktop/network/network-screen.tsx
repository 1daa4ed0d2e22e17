import type { ScreenProps } from '../screen-props.ts';
import { QueueCard } from './queue-card.tsx';

/** What leaves this PC, and whether it gets through. */
export function NetworkScreen({ client }: ScreenProps) {
  return (
    <div className="cards">
      <QueueCard client={client} />
    </div>
  );
}
