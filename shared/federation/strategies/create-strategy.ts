import type { WeightLayout } from '../../model/layout.ts';
import { calibrationGroups } from '../groups.ts';
import { Ca2fl } from './ca2fl.ts';
import { CheckedStrategy } from './checked.ts';
import { FedAsync } from './fedasync.ts';
import { FedAvg } from './fedavg.ts';
import { FedBuff } from './fedbuff.ts';
import { FedProx } from './fedprox.ts';
import { OrthoFlAverage } from './orthofl-average.ts';
import { OrthoFlMemory } from './orthofl-memory.ts';
import { OrthoFlRelay } from './orthofl-relay.ts';
import type { OrthoFlSettings, StrategySettings } from './settings.ts';
import type { Strategy } from './strategy.ts';

/** The strategy a task names, for models of the given layout; it checks what it is given. */
export function createStrategy(settings: StrategySettings, layout: WeightLayout): Strategy {
  return new CheckedStrategy(bareStrategy(settings, layout), layout.size);
}

function bareStrategy(settings: StrategySettings, layout: WeightLayout): Strategy {
  switch (settings.strategy) {
    case 'orthofl':
      return orthoFl(settings, layout);
    case 'fedasync':
      return new FedAsync(settings);
    case 'fedbuff':
      return new FedBuff(settings);
    case 'ca2fl':
      return new Ca2fl(settings);
    case 'fedavg':
      return new FedAvg(settings);
    case 'fedprox':
      return new FedProx(settings);
  }
}

function orthoFl(settings: OrthoFlSettings, layout: WeightLayout): Strategy {
  const groups = calibrationGroups(layout, settings.grouping);
  if (settings.memory !== undefined) return new OrthoFlMemory(settings, settings.memory, groups);
  return settings.reference === 'relay'
    ? new OrthoFlRelay(settings, groups)
    : new OrthoFlAverage(settings, groups);
}
