import type { LocalCommand, LocalMessage, LocalQuery, PlainCommand } from '@genba/shared/local-api/messages';

type WithoutId<Request> = Request extends unknown ? Omit<Request, 'id'> : never;

/** A command as a screen gives it: its name, or its name with what it needs. */
export type CommandWish = PlainCommand | WithoutId<LocalCommand>;

/** A question as a screen asks it. */
export type QueryWish = WithoutId<LocalQuery> & { readonly query: AnsweredQuery };

/** The type of message that answers each question. A question that a screen may ask has its row here. */
export const ANSWER_TYPES = {
  changes: 'changes',
  ledger: 'ledger',
  refused: 'refused',
  doctor: 'doctor',
  'preview-data': 'preview',
  'label-queue': 'label-queue',
  judge: 'judgement',
  watches: 'watches',
  rejection: 'rejection',
  methods: 'methods',
  model: 'model',
  'mistaken-pictures': 'mistaken-pictures',
} as const satisfies Partial<Record<LocalQuery['query'], LocalMessage['type']>>;

export type AnsweredQuery = keyof typeof ANSWER_TYPES;

/** The whole message that answers a question. */
export type AnswerTo<Query extends AnsweredQuery> = Extract<
  LocalMessage,
  { type: (typeof ANSWER_TYPES)[Query] }
>;

const USUAL_DEADLINE_MS = 5_000;

/** What may take longer than usual: it opens many files, or waits for the network. Milliseconds. */
const DEADLINES_MS: Partial<Record<LocalCommand['command'] | LocalQuery['query'], number>> = {
  'preview-data': 120_000,
  'set-dataset': 600_000,
  doctor: 120_000,
  // The first look reads every picture of the folder.
  'label-queue': 300_000,
  // The first one starts a process and reads the model.
  judge: 120_000,
  // A table of a million rows is read first, maybe over the network.
  'start-watch': 60_000,
  'stop-watch': 20_000,
  // Judges all that was held out.
  rejection: 120_000,
  'set-rejection': 120_000,
  'mistaken-pictures': 60_000,
  label: 20_000,
  'undo-label': 20_000,
  enrol: 90_000,
  ledger: 20_000,
  refused: 20_000,
  'export-updates': 60_000,
  'request-enrolment': 60_000,
  'import-reply': 60_000,
};

/** How long a window waits for the answer to a command or question, milliseconds. */
export function deadlineOf(name: LocalCommand['command'] | LocalQuery['query']): number {
  return DEADLINES_MS[name] ?? USUAL_DEADLINE_MS;
}
