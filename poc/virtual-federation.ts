import { encodeUpdate } from '@genba/shared/federation/encoding/encode-update';
import type { UpdateEncoding } from '@genba/shared/federation/encoding/update-encoding';
import { calibrationGroups } from '@genba/shared/federation/groups';
import { addShift } from '@genba/shared/federation/shift';
import { calibrateOnClient } from '@genba/shared/federation/strategies/calibrate-on-client';
import { MemoryServer } from '@genba/shared/federation/strategies/memory-server';
import type { Reply, Strategy } from '@genba/shared/federation/strategies/strategy';
import type { WeightLayout } from '@genba/shared/model/layout';

/** One local round, as a plant is asked for it. */
export interface LocalRound {
  /** From 1. */
  readonly number: number;
  /** What the plant has by now. */
  readonly weights: Float32Array;
  /** What it was last sent. */
  readonly startWeights: Float32Array;
  /** μ of a pull towards the start weights; 0 = none. */
  readonly proximalCoefficient: number;
}

/** A plant on the virtual clock. */
export interface VirtualPlant {
  readonly id: string;
  /** Training examples per round. */
  readonly examples: number;
  /** Trains for real. Ownership: gives new weights and leaves those it was given as they are. */
  readonly train: (round: LocalRound) => Promise<Float32Array>;
  /** How long its next round takes, seconds of virtual time. */
  readonly drawSeconds: () => number;
}

export interface FederationOptions {
  readonly strategy: Strategy;
  readonly layout: WeightLayout;
  readonly initialWeights: Float32Array;
  readonly plants: readonly VirtualPlant[];
  /** Virtual time to train for, seconds. */
  readonly horizonSeconds: number;
  /** How updates travel; left out: in full. */
  readonly encoding?: UpdateEncoding;
}

export interface FederationResult {
  /** G at the end. */
  readonly globalWeights: Float32Array;
  /** W_m of each plant at the end, in the order of the plants. */
  readonly plantWeights: readonly Float32Array[];
  /** Updates that the server took. */
  readonly updates: number;
}

interface Standing extends VirtualPlant {
  round: number;
  start: Float32Array;
  /** Its start weights, trained on, and what it could not say yet. */
  own: Float32Array;
  averageAtBase: Float32Array;
  /** Of its last report. */
  sent: Float32Array;
  /** When its round is done, seconds; null while it is held. */
  doneAt: number | null;
}

/**
 * Plants train and report on a virtual clock, with the strategy code that the aggregator runs. Rounds are really
 * trained, one after the other, in the order in which they end; what is virtual is the time that they take.
 */
export async function federate(options: FederationOptions): Promise<FederationResult> {
  const { strategy, layout, initialWeights, horizonSeconds } = options;
  const groups = calibrationGroups(layout, 'layer');
  const server = MemoryServer.create(strategy, initialWeights);
  const plants = options.plants.map((plant): Standing => {
    const start = server.join(plant.id);
    return {
      ...plant,
      round: 0,
      start,
      own: start,
      averageAtBase: start,
      sent: start,
      doneAt: plant.drawSeconds(),
    };
  });
  const answer = (replies: ReadonlyMap<string, Reply>, now: number) => {
    for (const plant of plants) {
      const reply = replies.get(plant.id);
      if (reply === undefined) continue;
      Object.assign(plant, baseOf(reply, plant, groups));
      plant.own = addShift(plant.own, plant.sent, plant.start);
      plant.doneAt = now + plant.drawSeconds();
    }
  };
  let updates = 0;
  for (;;) {
    const dueAtMs = strategy.dueAtMs(server.state.server);
    const dueAt = dueAtMs === null ? Number.POSITIVE_INFINITY : dueAtMs / 1000;
    const next = plants
      .filter(({ doneAt }) => doneAt !== null)
      .sort((a, b) => a.doneAt! - b.doneAt!)
      .at(0);
    const now = Math.min(dueAt, next?.doneAt ?? Number.POSITIVE_INFINITY);
    if (now > horizonSeconds) break;
    if (dueAtMs !== null && now === dueAt) {
      answer(server.closeDue(dueAtMs)!.replies, now);
      continue;
    }
    const plant = next!;
    plant.round += 1;
    plant.own = await plant.train({
      number: plant.round,
      weights: plant.own,
      startWeights: plant.start,
      proximalCoefficient: strategy.localTraining.proximalCoefficient,
    });
    plant.sent = whatArrives(plant, layout, options.encoding ?? 'float32');
    plant.doneAt = null;
    updates += 1;
    const { replies } = server.report(plant.id, {
      weights: plant.sent,
      examples: plant.examples,
      receivedAtMs: now * 1000,
    });
    answer(replies, now);
  }
  return { globalWeights: server.globalWeights, plantWeights: plants.map(({ own }) => own), updates };
}

/** Where the plant stands after a reply, as its agent keeps it. */
function baseOf(
  reply: Reply,
  { start, sent, averageAtBase }: Standing,
  groups: ReturnType<typeof calibrationGroups>,
): Partial<Standing> {
  if (reply.kind === 'weights') return { start: reply.weights };
  if (reply.kind === 'hand-over') return { start: reply.weights, averageAtBase: reply.averageAtBase };
  const next = calibrateOnClient(reply, sent, { startWeights: start, averageAtBase }, groups);
  return { start: next.startWeights, averageAtBase: next.averageAtBase };
}

/** What the server gets of a plant's weights. */
function whatArrives({ own, start }: Standing, layout: WeightLayout, encoding: UpdateEncoding): Float32Array {
  if (encoding === 'float32') return own;
  // A difference that an encoding cannot hold is sent in full, as an agent does.
  return encodeUpdate({ encoding, layout }, own, start)?.weights ?? own;
}
