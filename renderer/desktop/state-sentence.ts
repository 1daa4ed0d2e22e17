import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { TFunction } from 'i18next';
import type { Tone } from '../ui/tone.ts';
import type { AgentView } from './agent-view.ts';

/** What the window says in large letters: how it stands, and what follows from it. */
export interface StateSentence {
  readonly tone: Tone;
  readonly headline: string;
  readonly next: string;
}

type Translate = TFunction<'window'>;

/** Puts the agent's state into one headline and one line; `sentenceOf` gives an error's sentence. */
export function describeState(
  view: AgentView,
  t: Translate,
  sentenceOf: (code: ErrorCode) => string,
): StateSentence {
  const { contact, status } = view;
  switch (contact.kind) {
    case 'opening':
      return { tone: 'waiting', headline: t('state.loading'), next: t('state.loading.next') };
    case 'starting':
      return { tone: 'waiting', headline: t('state.agentStarting'), next: t('state.agentStarting.next') };
    case 'refused':
      return { tone: 'stopped', headline: t('state.refused'), next: sentenceOf('local/unauthorised') };
    case 'unreadable':
      return { tone: 'stopped', headline: t('state.unreadable'), next: t('state.unreadable.next') };
    case 'unreachable': {
      const next = contact.problem === null ? t('state.unreachable.next') : sentenceOf(contact.problem);
      return { tone: 'stopped', headline: t('state.unreachable'), next };
    }
    case 'connected':
      return status === null
        ? { tone: 'waiting', headline: t('state.loading'), next: t('state.loading.next') }
        : describePhase(status, t, sentenceOf);
  }
}

function describePhase(
  status: AgentStatus,
  t: Translate,
  sentenceOf: (code: ErrorCode) => string,
): StateSentence {
  switch (status.phase) {
    case 'starting':
      return { tone: 'waiting', headline: t('state.starting'), next: t('state.starting.next') };
    case 'unconfigured':
      return { tone: 'attention', headline: t('state.unconfigured'), next: t('state.unconfigured.next') };
    case 'awaiting-weights':
      return { tone: 'waiting', headline: t('state.awaiting'), next: describeAwaiting(status, t) };
    case 'paused':
      return { tone: 'paused', headline: t('state.paused'), next: t('follow.paused') };
    case 'failed': {
      const code = status.problem?.code ?? 'internal/bug';
      return { tone: 'stopped', headline: t('state.failed'), next: sentenceOf(code) };
    }
    case 'training':
    case 'idle':
      return describeWork(status, t);
  }
}

function describeAwaiting({ network }: AgentStatus, t: Translate): string {
  switch (network.state) {
    case 'online':
      return t('state.awaiting.online');
    case 'connecting':
      return t('state.awaiting.connecting');
    case 'offline':
      return t('state.awaiting.offline');
    case 'outside-plan':
      return t('state.awaiting.outsidePlan');
  }
}

/** That no further round will come, so that nobody waits for one; null as long as one will. */
function describeFinished({ phase, queue, roundLimit }: AgentStatus, t: Translate): string | null {
  const isFinished = phase === 'idle' && roundLimit !== null && queue.roundsDone >= roundLimit;
  return isFinished ? t('state.finished', { count: roundLimit }) : null;
}

/**
 * The aggregator is there, but it and this PC do not trust each other, or not understand: no network that comes back will
 * help.
 */
function isBarred({ problem }: AgentStatus): boolean {
  return problem !== null && /^((identity|tls)\/|task\/app-too-old$)/.test(problem.code);
}

/** What the schedule waits for, where it does. */
function describeIdle({ standstill }: AgentStatus, t: Translate): string {
  switch (standstill?.reason) {
    case 'outside-plan':
      return t('state.held.outsidePlan');
    case 'on-battery':
      return t('state.held.onBattery');
    case 'pc-in-use':
      return t('state.held.pcInUse');
    default:
      return t('state.idle');
  }
}

/** Training and resting differ by one word; what a person needs to know is where the results are. */
function describeWork(status: AgentStatus, t: Translate): StateSentence {
  const { phase, network, queue, held } = status;
  const count = queue.roundsWaiting;
  const finished = describeFinished(status, t);
  const headline = finished ?? (phase === 'training' ? t('state.training') : describeIdle(status, t));
  switch (network.state) {
    case 'offline': {
      if (isBarred(status)) {
        const next = count > 0 ? t('follow.barred.waiting', { count }) : t('follow.barred');
        return { tone: 'attention', headline: finished ?? t('state.offline'), next };
      }
      const next = count > 0 ? t('follow.offline.waiting', { count }) : t('follow.offline');
      return { tone: 'offline', headline: finished ?? t('state.offline'), next };
    }
    case 'outside-plan': {
      const next = count > 0 ? t('follow.outsidePlan.waiting', { count }) : t('follow.outsidePlan');
      return { tone: 'good', headline, next };
    }
    case 'connecting': {
      const waiting = count > 0 ? t('follow.connecting.waiting', { count }) : t('follow.connecting');
      return { tone: 'waiting', headline, next: waiting };
    }
    case 'online': {
      // What is learnt meanwhile waits, too, so "sending" would not be true.
      if (held !== null) return { tone: 'waiting', headline, next: t('follow.held') };
      const next = count > 0 ? t('follow.sending', { count }) : t('follow.sentAll');
      return { tone: 'good', headline, next };
    }
  }
}
