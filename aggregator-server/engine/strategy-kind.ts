import type { StrategySettings } from '@genba/shared/federation/strategies/settings';

/** What decides which state is kept: settings of one kind may change between two starts and the state stays. */
export function strategyKind(settings: StrategySettings): string {
  if (settings.strategy !== 'orthofl') return settings.strategy;
  return settings.memory === undefined ? `orthofl/${settings.reference}` : 'orthofl/memory';
}
