import type { DemoStatus } from '@genba/shared/local-api/demo-status';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { TaskStatus } from '@genba/shared/protocol/status';

/** The demo's result, as `--json` prints it. Accuracies are shares, 0 to 1, on all 10,000 test digits. */
export interface DemoFigures {
  readonly seed: number;
  readonly seconds: number;
  readonly backend: string;
  readonly globalVersion: number;
  /** Of the served global model. */
  readonly federatedAccuracy: number;
  /** Federated less the best plant alone, in points (hundredths). */
  readonly smallestGainPoints: number;
  readonly plants: readonly {
    readonly name: string;
    readonly localOnlyAccuracy: number;
    /** Of the plant's own model at the end, on its own held-out images. */
    readonly ownAccuracy: number | null;
    readonly rounds: number;
    readonly updatesDelivered: number;
    /** Longest line of rounds that waited for the network. */
    readonly roundsWaitingPeak: number;
  }[];
  readonly updatesDelivered: number;
  /** Finished rounds that are neither merged at the aggregator nor waiting at the plant. */
  readonly roundsLost: number;
  /** Updates merged beyond those delivered, each once. */
  readonly updatesAppliedTwice: number;
}

/** Puts together what plants and aggregator each say, so that one can be checked by the other. */
export function demoFigures(facts: {
  readonly seed: number;
  readonly seconds: number;
  readonly globalAccuracy: number;
  readonly localOnly: readonly number[];
  readonly plants: readonly AgentStatus[];
  readonly task: TaskStatus;
}): DemoFigures {
  const { plants, task } = facts;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const updatesDelivered = sum(plants.map(({ queue }) => queue.updatesDelivered));
  const roundsKnown =
    sum(task.clients.map(({ rounds }) => rounds)) + sum(plants.map(({ queue }) => queue.roundsWaiting));
  return {
    seed: facts.seed,
    seconds: Math.round(facts.seconds * 10) / 10,
    backend: plants[0]?.backend?.name ?? 'unknown',
    globalVersion: task.globalVersion,
    federatedAccuracy: facts.globalAccuracy,
    smallestGainPoints: (facts.globalAccuracy - Math.max(...facts.localOnly)) * 100,
    plants: plants.map(({ plantName, queue, history }, index) => ({
      name: plantName,
      localOnlyAccuracy: facts.localOnly[index]!,
      ownAccuracy: history.findLast(({ ownScore }) => ownScore !== null)?.ownScore ?? null,
      rounds: queue.roundsDone,
      updatesDelivered: queue.updatesDelivered,
      roundsWaitingPeak: queue.roundsWaitingPeak,
    })),
    updatesDelivered,
    roundsLost: sum(plants.map(({ queue }) => queue.roundsDone)) - roundsKnown,
    updatesAppliedTwice: task.globalVersion - updatesDelivered,
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** The result in plain sentences. */
export function summarise(figures: DemoFigures): NonNullable<DemoStatus['summary']> {
  const { plants } = figures;
  const peak = Math.max(...plants.map(({ roundsWaitingPeak }) => roundsWaitingPeak));
  const alone = plants.map(({ name, localOnlyAccuracy }) => `${name} ${percent(localOnlyAccuracy)}`);
  return {
    en: [
      `Alone, each plant reads all ten digits with: ${alone.join(', ')}.`,
      `Together, the shared model reads ${percent(figures.federatedAccuracy)}: ${figures.smallestGainPoints.toFixed(1)} points more than the best plant alone. No image left its plant.`,
      `While one network was cut, that plant trained on and kept up to ${peak} rounds; they went out as one update when it came back.`,
      `${figures.updatesDelivered} updates delivered, ${figures.roundsLost} rounds lost, ${figures.updatesAppliedTwice} updates applied twice.`,
    ],
    ja: [
      `各拠点が単独で学習した場合の、10種類すべての数字の正解率：${alone.join('、')}。`,
      `共同で学習したモデルの正解率は ${percent(figures.federatedAccuracy)}。単独で最も良い拠点より ${figures.smallestGainPoints.toFixed(1)} ポイント高くなりました。画像は拠点の外に出ていません。`,
      `ネットワークが切れている間もその拠点は学習を続け、最大 ${peak} 回分を保管し、復旧後に1つの更新にまとめて送りました。`,
      `届いた更新 ${figures.updatesDelivered} 件、失われた学習 ${figures.roundsLost} 回、二重に反映された更新 ${figures.updatesAppliedTwice} 件。`,
    ],
  };
}
