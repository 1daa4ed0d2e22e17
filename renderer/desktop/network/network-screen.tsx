import type { ScreenProps } from '../screen-props.ts';
import { DoctorCard } from './doctor-card.tsx';
import { LedgerCard } from './ledger-card.tsx';
import { QueueCard } from './queue-card.tsx';

/** What leaves this PC, and whether it gets through. */
export function NetworkScreen({ client }: ScreenProps) {
  return (
    <div className="cards">
      <QueueCard client={client} />
      <DoctorCard client={client} />
      <LedgerCard client={client} />
    </div>
  );
}
