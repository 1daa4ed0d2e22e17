import type { Migration } from '../migrate.ts';
import { firstCatalogue } from './0001-first-catalogue.ts';
import { strategies } from './0002-strategies.ts';
import { retention } from './0003-retention.ts';
import { calibrationOnClients } from './0004-calibration-on-clients.ts';
import { quarantine } from './0005-quarantine.ts';
import { clientsByLastSeen } from './0006-clients-by-last-seen.ts';
import { identity } from './0007-identity.ts';
import { exchange } from './0008-exchange.ts';
import { programs } from './0009-programs.ts';
import { checkMetrics } from './0010-check-metrics.ts';
import { auditEnd } from './0011-audit-end.ts';

/** Every migration ever shipped, in order. A shipped one is never edited; a change is a new file. */
export const MIGRATIONS: readonly Migration[] = [
  firstCatalogue,
  strategies,
  retention,
  calibrationOnClients,
  quarantine,
  clientsByLastSeen,
  identity,
  exchange,
  programs,
  checkMetrics,
  auditEnd,
];
