import { calibrationGroups } from '@genba/shared/federation/groups';
import { calibrateOnClient } from '@genba/shared/federation/strategies/calibrate-on-client';
import { weightLayout } from '@genba/shared/model/layout';
import { parseTask } from '@genba/shared/model/task';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { CRASHED, type Crash, CrashingPlant } from '../testing/crashing-plant.ts';
import { ModelledAggregator } from '../testing/modelled-aggregator.ts';
import type { ReceivedWeights } from './client-store.ts';
import type { OutstandingUpdate } from './outbox.ts';
import { toWeights } from './weights-blob.ts';

const RUNS = 80;
const LARGEST_STEP = 8;
/** What rounding may take away where numbers are not whole; the smallest progress of a round is 1. */
const TOLERANCE = 0.02;
const BETA = 0.25;

const MODES = {
  float32: { updateEncoding: 'float32', isExact: true },
  // Deltas of whole numbers up to 2048 are exact in it.
  float16: { updateEncoding: 'float16', isExact: true },
  int8: { updateEncoding: 'int8', isExact: false },
  'float32, calibrated by the client': { updateEncoding: 'float32', isExact: false },
} as const;
type Mode = keyof typeof MODES;

const isCalibrating = (mode: Mode) => mode === 'float32, calibrated by the client';

function taskOf(mode: Mode) {
  return parseTask({
    id: 'welds',
    name: { en: 'Welds', ja: '溶接' },
    input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
    classes: ['OK', 'NG'],
    model: { template: 'mlp', hiddenUnits: [] },
    updateEncoding: MODES[mode].updateEncoding,
    ...(isCalibrating(mode) ? { federation: { reference: 'average', calibratedBy: 'client' } } : {}),
  });
}

type Vector = readonly number[];
const plus = (a: Vector, b: Vector): number[] => a.map((value, i) => value + b[i]!);
const minus = (a: Vector, b: Vector): number[] => a.map((value, i) => value - b[i]!);

/** The plant, its aggregator, and what there should be: the numbers that everything is compared with. */
class World {
  readonly plant: CrashingPlant;
  readonly aggregator: ModelledAggregator;
  readonly #mode: Mode;
  readonly #zero: number[];
  /** Sum of all that rounds have moved. */
  learnt: number[];
  /** W. */
  own: number[];
  /** S. */
  start: number[];
  /** G_τ, where the client calibrates. */
  #reference: Float32Array | null = null;
  rounds = 0;
  /** Those of them that no answered update was told to hold. */
  unanswered = 0;
  /** A round that runs: the weights it started from. */
  running: Float32Array | null = null;
  /** The update that was frozen and is not answered yet. */
  outstanding: {
    readonly updateId: string;
    readonly sent: Vector;
    readonly digest: string;
    /** How many rounds it was told to be. */
    readonly rounds: number;
    hasReceipt: boolean;
  } | null = null;
  readonly pastReplies: ReceivedWeights[] = [];

  constructor(mode: Mode) {
    this.#mode = mode;
    const task = taskOf(mode);
    const layout = weightLayout(task);
    this.plant = new CrashingPlant(temporaryFolder().root);
    this.aggregator = new ModelledAggregator(layout);
    this.#zero = new Array<number>(layout.size).fill(0);
    this.learnt = [...this.#zero];
    this.own = [...this.#zero];
    this.start = [...this.#zero];
    this.plant.client.saveTask(task);
    this.startAfresh([1, -2, 3, 5], null);
  }

  /** Stored is what was expected, and all progress is in one place. */
  check(): void {
    const { client, outbox } = this.plant;
    this.#expectEqual([...client.weights()!], this.own);
    this.#expectEqual([...client.startWeights()!], this.start);
    const { pending = 0, inFlight = 0, receipted = 0 } = this.plant.states();
    expect(pending).toBeLessThanOrEqual(1);
    expect(inFlight + receipted).toBe(this.outstanding === null ? 0 : 1);
    const allRounds = ['pending', 'inFlight', 'receipted', 'done', 'refused'];
    expect([outbox.figures().roundsDone, this.plant.roundsIn(...allRounds)]).toEqual([
      this.rounds,
      this.rounds,
    ]);
    const settled = plus(this.aggregator.applied, this.aggregator.dropped);
    this.#expectEqual(plus(settled, this.#unsettled()), this.learnt);
  }

  /** Progress that no aggregator has decided about. */
  #unsettled(): number[] {
    const local = minus(this.own, this.start);
    const updateId = this.outstanding?.updateId;
    if (updateId === undefined || !this.aggregator.isKnown(updateId) || this.aggregator.isHeld(updateId))
      return local;
    return minus(local, this.aggregator.deltaOf(updateId));
  }

  #expectEqual(actual: Vector, expected: Vector): void {
    if (MODES[this.#mode].isExact) expect(actual).toEqual(expected);
    else for (const gap of minus(actual, expected)) expect(Math.abs(gap)).toBeLessThan(TOLERANCE);
  }

  commit(startWeights: Float32Array, step: Vector, crash: Crash | null): void {
    const trainedWeights = startWeights.map((weight, i) => weight + step[i]!);
    const figures = { loss: 1, validationAccuracy: null, scores: null, durationMs: 1, backend: 'cpu' };
    const committed = this.plant.call(crash, () =>
      this.plant.client.commitRound({ startWeights, trainedWeights, examples: 10, ...figures }),
    );
    if (committed === CRASHED) {
      this.#die(crash);
      return;
    }
    this.rounds += 1;
    this.unanswered += 1;
    this.learnt = plus(this.learnt, step);
    this.own = plus(this.own, step);
  }

  /** A process that died has lost the round it was at, and nothing else. */
  #die(crash: Crash | null): void {
    this.running = null;
    if (crash !== null) count(`died ${crash.kind}`);
  }

  crash(): void {
    this.plant.crash();
    this.#die(null);
  }

  /** The update to send, frozen where it was not; null when there is none, or the plant died over it. */
  next(crash: Crash | null): OutstandingUpdate | null {
    const update = this.plant.call(crash, () => this.plant.outbox.next());
    if (update === CRASHED) {
      this.#die(crash);
      return null;
    }
    if (update === null) {
      expect(this.outstanding).toBeNull();
      return null;
    }
    const digest = update.weightsSha256 ?? update.sha256;
    if (this.outstanding === null) {
      const sent = update.encoding === 'float32' ? [...toWeights(update.payload)] : this.#decoded(update);
      // Squash is exact: one update moves the start weights to the weights of this moment.
      if (MODES[this.#mode].isExact) expect(sent).toEqual(this.own);
      // What is in it is counted, also what was refused before.
      const { rounds } = update.report;
      expect(rounds).toBe(this.unanswered);
      this.outstanding = { updateId: update.updateId, sent, digest, rounds, hasReceipt: false };
    }
    expect({ updateId: update.updateId, digest }).toEqual({
      updateId: this.outstanding.updateId,
      digest: this.outstanding.digest,
    });
    return update;
  }

  #decoded(update: OutstandingUpdate): number[] {
    return [...this.aggregator.decode(update, this.start)];
  }

  /** A call about the outstanding update that ends it without an answer, or says something of it. */
  tell(crash: Crash | null, act: () => void, then: () => void): void {
    if (this.plant.call(crash, act) === CRASHED) this.#die(crash);
    else then();
  }

  installReply(shift: Vector, crash: Crash | null): void {
    const { updateId, sent } = this.outstanding!;
    const reply = this.aggregator.replyTo(updateId, shift);
    const received = this.#received(reply);
    const installed = this.plant.call(crash, () => this.plant.client.install(received));
    if (installed === CRASHED) {
      this.#die(crash);
      return;
    }
    expect(installed).toBe(true);
    const start = this.#nextStart(reply, sent);
    this.own = plus(this.own, minus(start, sent));
    this.start = start;
    this.unanswered -= this.outstanding!.rounds;
    this.outstanding = null;
    this.pastReplies.push(received);
  }

  #received(reply: ReceivedWeights): ReceivedWeights {
    if (!isCalibrating(this.#mode)) return reply;
    return reply.updateId === null
      ? { ...reply, use: 'install-as-reference' }
      : { ...reply, use: 'calibrate', mixingWeight: BETA };
  }

  #nextStart(reply: ReceivedWeights, sent: Vector): number[] {
    if (!isCalibrating(this.#mode)) return [...reply.weights];
    const next = calibrateOnClient(
      { kind: 'calibrate', globalWeights: reply.weights, mixingWeight: BETA },
      Float32Array.from(sent),
      { startWeights: Float32Array.from(this.start), averageAtBase: this.#reference! },
      calibrationGroups(weightLayout(taskOf(this.#mode)), 'layer'),
    );
    this.#reference = next.averageAtBase;
    this.aggregator.replaceStart([...next.startWeights]);
    return [...next.startWeights];
  }

  /** Weights that answer nothing: the first ones, those after a refused base, or after a rollback. */
  startAfresh(weights: Vector, crash: Crash | null): void {
    if (this.outstanding !== null) this.aggregator.decide(this.outstanding.updateId, 'dropped');
    const fresh = this.aggregator.fresh(weights);
    const installed = this.plant.call(crash, () => this.plant.client.install(this.#received(fresh)));
    if (installed === CRASHED) {
      this.#die(crash);
      return;
    }
    // Nobody knows whether an update without a receipt is in them.
    expect(installed).toBe(this.outstanding === null || this.outstanding.hasReceipt);
    if (!installed) return;
    // What has a receipt is in the new weights, or an operator did not want it.
    const answered = this.outstanding?.hasReceipt === true ? this.outstanding.sent : this.start;
    this.own = plus(weights, minus(this.own, answered));
    this.start = [...weights];
    this.#reference = fresh.weights;
    if (this.outstanding?.hasReceipt !== true) return;
    this.unanswered -= this.outstanding.rounds;
    this.outstanding = null;
  }

  /** Everything is sent and answered, without any more accident. */
  settle(): void {
    for (let turn = 0; turn < 20; turn++) {
      const update = this.next(null);
      if (update === null) break;
      const answer = this.aggregator.receive(update, { holds: false, decodes: true });
      if (answer === 'receipt') {
        this.aggregator.decide(update.updateId, 'applied');
        this.plant.outbox.markReceipted(update.updateId);
        this.installReply([1, 0, -1, 2], null);
      } else {
        this.plant.outbox.requeueOnNewBase(update.updateId, 'update/unknown-base', crypto.randomUUID());
        this.outstanding = null;
        this.startAfresh([4, 3, 2, 1], null);
      }
      this.check();
    }
    expect(this.plant.outbox.next()).toBeNull();
    const { pending, inFlight, receipted } = this.plant.states();
    expect([pending, inFlight, receipted]).toEqual([undefined, undefined, undefined]);
  }
}

/** One thing that happens. It is left out where it cannot. */
class Event implements fc.Command<World, World> {
  readonly #text: string;
  readonly #can: (world: World) => boolean;
  readonly #act: (world: World) => void;

  constructor(text: string, can: (world: World) => boolean, act: (world: World) => void) {
    this.#text = text;
    this.#can = can;
    this.#act = act;
  }

  check(world: Readonly<World>): boolean {
    return this.#can(world as World);
  }

  run(_: World, world: World): void {
    this.#act(world);
    world.check();
    count(this.#text.replace(/ (?:[{[\d]|null).*$/, ''));
  }

  toString(): string {
    return this.#text;
  }
}

/** How often each thing happened, so that a run in which something never did is found. */
const tally = new Map<string, number>();
const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);

const always = () => true;
const vector = fc.tuple(
  ...(Array.from({ length: 4 }, () => fc.integer({ min: -LARGEST_STEP, max: LARGEST_STEP })) as [
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
  ]),
);
/** A round always learns something. */
const step = vector.filter((moved) => moved.some((value) => value !== 0));
/** Most things go well: otherwise nothing gets far enough for the rare ones to happen. */
const seldom = <Value>(rare: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: rare });
const mostly = fc.oneof(
  { weight: 5, arbitrary: fc.constant(true) },
  { weight: 1, arbitrary: fc.constant(false) },
);
const crash: fc.Arbitrary<Crash | null> = seldom(
  fc.oneof(
    fc.record({ kind: fc.constant('between-rows' as const), after: fc.integer({ min: 1, max: 8 }) }),
    fc.record({
      kind: fc.constant('in-commit' as const),
      share: fc.double({ min: 0, max: 0.99, noNaN: true }),
    }),
  ),
);
const words = JSON.stringify;

const round = fc
  .tuple(step, crash)
  .map(
    ([moved, dies]) =>
      new Event(`round ${words({ moved, dies })}`, always, (world) =>
        world.commit(world.plant.client.weights()!, moved, dies),
      ),
  );

const roundBegins = fc.constant(
  new Event(
    'a round begins',
    ({ running }) => running === null,
    (world) => {
      world.running = world.plant.client.weights();
    },
  ),
);

const roundEnds = fc.tuple(step, crash).map(
  ([moved, dies]) =>
    new Event(
      `the round ends ${words({ moved, dies })}`,
      ({ running }) => running !== null,
      (world) => {
        const startWeights = world.running!;
        world.running = null;
        world.commit(startWeights, moved, dies);
      },
    ),
);

/** Freezes and offers; each of offer, bytes and answer may get lost. */
const send = fc
  .record({
    arrives: mostly,
    isHeard: mostly,
    holds: fc.boolean(),
    decodes: mostly,
    diesFreezing: crash,
    diesHearing: crash,
  })
  .map(
    (luck) =>
      new Event(`send ${words(luck)}`, always, (world) => {
        const update = world.next(luck.diesFreezing);
        if (update === null || !luck.arrives) return;
        const answer = world.aggregator.receive(update, luck);
        if (!luck.isHeard) return;
        const { outbox } = world.plant;
        if (answer === 'receipt') {
          world.tell(
            luck.diesHearing,
            () => outbox.markReceipted(update.updateId),
            () => {
              world.outstanding!.hasReceipt = true;
            },
          );
        } else if (answer === 'update/encoding-refused') {
          world.tell(
            luck.diesHearing,
            () => outbox.sendInFull(update.updateId),
            () => undefined,
          );
        } else {
          const next = crypto.randomUUID();
          world.tell(
            luck.diesHearing,
            () => outbox.requeueOnNewBase(update.updateId, answer, next),
            () => {
              world.outstanding = null;
              count('base refused');
            },
          );
        }
      }),
  );

const isAnswerable = ({ outstanding, aggregator }: World) =>
  outstanding !== null &&
  aggregator.isKnown(outstanding.updateId) &&
  !aggregator.isHeld(outstanding.updateId);

const reply = fc
  .tuple(vector, crash)
  .map(
    ([shift, dies]) =>
      new Event(`reply ${words({ shift, dies })}`, isAnswerable, (world) => world.installReply(shift, dies)),
  );

const repeatedReply = fc.nat().map(
  (which) =>
    new Event(
      `reply again ${which}`,
      ({ pastReplies }) => pastReplies.length > 0,
      (world) => {
        const again = world.pastReplies[which % world.pastReplies.length]!;
        expect(world.plant.client.install(again)).toBe(false);
      },
    ),
);

const repeatedReceipt = fc.nat().map(
  (which) =>
    new Event(
      `receipt again ${which}`,
      ({ pastReplies }) => pastReplies.length > 0,
      (world) => {
        const { updateId } = world.pastReplies[which % world.pastReplies.length]!;
        world.plant.outbox.markReceipted(updateId!);
      },
    ),
);

const fresh = fc
  .tuple(vector, crash)
  .map(
    ([weights, dies]) =>
      new Event(`fresh weights ${words({ weights, dies })}`, always, (world) =>
        world.startAfresh(weights, dies),
      ),
  );

const baseForgotten = fc.constant(
  new Event('the aggregator forgets the base', always, ({ aggregator }) => aggregator.forgetBase()),
);

const heldIsTold = fc.constant(
  new Event(
    'it says that it holds the update',
    ({ outstanding, aggregator }) => outstanding !== null && aggregator.isHeld(outstanding.updateId),
    ({ plant, outstanding }) => plant.outbox.markHeld(outstanding!.updateId, 'norm'),
  ),
);

const decision = fc.constantFrom('applied' as const, 'dropped' as const).map(
  (verdict) =>
    new Event(
      `an operator decides: ${verdict}`,
      ({ outstanding, aggregator }) => outstanding !== null && aggregator.isHeld(outstanding.updateId),
      ({ outstanding, aggregator }) => aggregator.decide(outstanding!.updateId, verdict),
    ),
);

const refusal = crash.map(
  (dies) =>
    new Event(
      `refused for good ${words(dies)}`,
      ({ outstanding, aggregator }) => outstanding !== null && !aggregator.isKnown(outstanding.updateId),
      (world) => {
        const { updateId } = world.outstanding!;
        world.tell(
          dies,
          () => world.plant.outbox.markRefused(updateId, 'update/not-finite'),
          () => {
            world.outstanding = null;
          },
        );
      },
    ),
);

const crashBetween = fc.constant(new Event('crash', always, (world) => world.crash()));

const events = fc.commands(
  [
    round,
    roundBegins,
    roundEnds,
    round,
    send,
    send,
    send,
    reply,
    reply,
    reply,
    reply,
    repeatedReply,
    repeatedReceipt,
    fresh,
    baseForgotten,
    heldIsTold,
    decision,
    decision,
    refusal,
    crashBetween,
  ],
  { maxCommands: 80, size: 'max' },
);

const HAPPENINGS = [
  'round',
  'a round begins',
  'the round ends',
  'send',
  'reply',
  'reply again',
  'receipt again',
  'fresh weights',
  'the aggregator forgets the base',
  'it says that it holds the update',
  'an operator decides: applied',
  'an operator decides: dropped',
  'refused for good',
  'crash',
  'died between-rows',
  'died in-commit',
  'base refused',
];

beforeEach(() => tally.clear());

describe.each(Object.keys(MODES) as Mode[])('an outbox that sends %s', (mode) => {
  it('loses no progress, counts none twice and has two updates at most, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(events, (happenings) => {
        const world = new World(mode);
        try {
          fc.modelRun(() => ({ model: world, real: world }), happenings);
          world.settle();
        } finally {
          world.plant.close();
        }
      }),
      { numRuns: RUNS },
    );
    expect(HAPPENINGS.filter((what) => !tally.has(what))).toEqual([]);
  });
});
