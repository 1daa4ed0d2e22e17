import { AppError } from '@genba/shared/errors/app-error';
import type { StrategySettings } from '@genba/shared/federation/strategies/settings';
import type { Task } from '@genba/shared/model/task';

const SERVED = 'this version serves orthofl calibrated by the server only';

/**
 * Refuses settings that need something of plants that they do not do yet: calibrating by themselves.
 * @throws AppError `task/invalid`
 */
export function requireServed({ id, federation }: Task): void {
  const refuse = (field: string) => {
    throw new AppError('task/invalid', { detail: `task ${id}: federation.${field}: ${SERVED}` });
  };
  if (federation.strategy === 'orthofl' && federation.calibratedBy === 'client') refuse('calibratedBy');
}

/** What decides which state is kept: settings of one kind may change between two starts and the state stays. */
export function strategyKind(settings: StrategySettings): string {
  if (settings.strategy !== 'orthofl') return settings.strategy;
  return settings.memory === undefined ? `orthofl/${settings.reference}` : 'orthofl/memory';
}
