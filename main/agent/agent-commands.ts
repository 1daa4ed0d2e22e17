import type { ExchangeResult } from '@genba/shared/local-api/exchange';
import type { MethodName } from '@genba/shared/local-api/methods';
import type { Schedule } from '@genba/shared/local-api/schedule';
import type { AgentParts } from './agent-parts.ts';
import { exportModel } from './judging/export-model.ts';
import { requireApart } from './labelling/inbox.ts';
import type { AgentCommand } from './local-api/local-api-server.ts';

/**
 * Does what a window or a command of the program asks for; done when it resolves.
 * @param enrol does that with an invitation, which takes more than the parts
 * @throws AppError why it cannot be done
 */
export async function carryOutCommand(
  parts: AgentParts,
  command: Exclude<AgentCommand, { command: 'begin-work' | 'cancel-judging' }>,
  enrol: (invitation: string) => Promise<void>,
): Promise<ExchangeResult | null> {
  const { settings, disk, sync, identity, files, data, judge, watches, labelling, models, training } = parts;
  switch (command.command) {
    case 'pause':
    case 'resume':
      setPaused(parts, command.command === 'pause');
      return null;
    case 'set-schedule':
      setSchedule(parts, command.schedule);
      return null;
    case 'set-quota':
      settings.write({ quotaBytes: command.quotaBytes });
      disk.look();
      training?.loop.obstacleChanged();
      return null;
    case 'sync-now':
      sync.syncNow();
      return null;
    case 'report-use':
      training?.report({ idleSeconds: command.idleSeconds, isOnBattery: command.isOnBattery });
      return null;
    case 'enrol':
      await enrol(command.invitation);
      return null;
    case 'rotate-key':
      identity.rotateKey();
      sync.announceKey();
      return null;
    case 'export-updates':
      return files.exportUpdates(command.target);
    case 'request-enrolment':
      return files.requestEnrolment(command.invitation, command.target);
    case 'import-reply':
      return files.importReply(command.path);
    case 'set-dataset':
      await data.choose(command.path);
      return null;
    case 'acknowledge-drift':
      training?.acknowledgeDrift();
      return null;
    case 'set-inbox':
      setInbox(parts, command.path);
      return null;
    case 'export-model':
      exportModel(command.target, judge.exportable(), parts.options.appVersion);
      return null;
    case 'start-watch':
      await watches.add(command.watch);
      return null;
    case 'stop-watch':
      await watches.remove(command.path);
      return null;
    case 'set-method':
      setMethod(parts, command.method);
      return null;
    case 'measure-methods':
      measureMethods(parts);
      return null;
    case 'set-rejection':
      judge.requireClasses(command.wish);
      settings.write({ rejection: command.wish });
      return null;
    case 'label':
      await labelling.label(command);
      return null;
    case 'undo-label':
      labelling.undo(command);
      return null;
    case 'use-model':
      models.use(command.model, command.by);
      return null;
    case 'automatic-model':
      models.automatic(command.by);
      training?.loop.modelsDue();
      return null;
    case 'cancel-reading':
      data.cancel();
      return null;
  }
}

function setPaused({ settings, training }: AgentParts, isPaused: boolean): void {
  settings.write({ isPaused });
  training?.settingsChanged(isPaused);
}

function setSchedule({ settings, sync, training }: AgentParts, schedule: Partial<Schedule>): void {
  const { isPaused } = settings.write(schedule);
  sync.hoursChanged();
  training?.settingsChanged(isPaused);
}

/** @throws AppError `labels/folder-overlaps` */
function setInbox({ settings, training }: AgentParts, inbox: string | null): void {
  if (inbox !== null) requireApart(inbox, settings.read().dataset);
  settings.write({ inbox });
  training?.labelsChanged();
}

/** How to train from now on; null: the fastest way. */
function setMethod({ settings, training }: AgentParts, backend: MethodName | null): void {
  settings.write({ backend });
  training?.methods.chosen(backend);
  training?.loop.methodChanged();
}

/** Has the ways to train measured again, before the next round. */
function measureMethods({ settings, training }: AgentParts): void {
  settings.write({ methodSurvey: null });
  training?.methods.measureAgain();
  training?.loop.methodChanged();
}
