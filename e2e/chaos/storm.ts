import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@genba/shared/model/random';
import type { SmallDisk } from './small-disk.ts';
import type { Supervised } from './supervised.ts';
import type { Plant, World } from './world.ts';

type Random = () => number;

/** One kind of fault: strikes once, and resolves with whether it struck anything when it is over. */
interface Kind<Victim> {
  readonly name: string;
  /** How often it is drawn, next to the others. */
  readonly share: number;
  readonly strike: (victim: Victim, random: Random) => Promise<boolean>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Longest time that a program is held or a connection silent, milliseconds: beyond two heartbeats in bent time. */
const LONGEST_PAUSE_MS = 2_500;

const between = (random: Random, low: number, high: number) => low + random() * (high - low);

/** Small numbers as likely as large ones, from 1. */
const magnitude = (random: Random, high: number) => Math.floor(Math.exp(random() * Math.log(high)));

const anyByte = (random: Random, bytesLeft: number) =>
  ({ direction: random() < 0.5 ? 'up' : 'down', bytesLeft, leastPieceBytes: 0 }) as const;

/** More than a conversation of connect, one update up and its reply down. */
const CONVERSATION_BYTES = 20_000;

/** Less than the tiny model's weights, more than any message of a session. */
const WEIGHTS_BYTES = 4096;

/** About as many as the heads of WebSocket and data frame have. */
const HEADS_BYTES = 28;

/** How long a fault waits for weights to pass, milliseconds. */
const WEIGHTS_WITHIN_MS = 4_000;

/**
 * What to change in a byte. With TLS, anything. Without it nothing proves what is said but digests of weights, so
 * there a changed byte must not make another proper message: the high bit makes one that is no text.
 */
const bitsToFlip = ({ isEncrypted }: Plant, random: Random) =>
  isEncrypted ? 1 + Math.floor(random() * 255) : 0x80;

const NETWORK: readonly Kind<Plant>[] = [
  { name: 'cut', share: 12, strike: ({ proxy }) => proxy.cut() },
  { name: 'goodbye', share: 7, strike: ({ proxy }) => proxy.end() },
  { name: 'half-close', share: 8, strike: ({ proxy }, r) => proxy.halfClose(r() < 0.5 ? 'near' : 'far') },
  {
    name: 'cut in a frame',
    share: 16,
    strike: ({ proxy }, r) => proxy.strike({ ...anyByte(r, magnitude(r, CONVERSATION_BYTES)), flipBits: 0 }),
  },
  {
    name: 'corrupted byte',
    share: 12,
    strike: (plant, r) =>
      plant.proxy.strike({ ...anyByte(r, magnitude(r, CONVERSATION_BYTES)), flipBits: bitsToFlip(plant, r) }),
  },
  {
    name: 'corrupted weights',
    share: 10,
    strike: (plant, r) => {
      // Half of the time in the heads of the frame.
      const bytesLeft = Math.floor(r() * (r() < 0.5 ? HEADS_BYTES : WEIGHTS_BYTES));
      const blow = {
        ...anyByte(r, bytesLeft),
        leastPieceBytes: WEIGHTS_BYTES,
        flipBits: bitsToFlip(plant, r),
      };
      return plant.proxy.strike(blow, WEIGHTS_WITHIN_MS);
    },
  },
  { name: 'overtaken', share: 8, strike: ({ proxy }) => proxy.overtake() },
  {
    name: 'delay',
    share: 8,
    strike: ({ proxy }, r) => proxy.delay(between(r, 300, 1200), between(r, 5, 200)),
  },
  {
    name: 'throttle',
    share: 8,
    strike: ({ proxy }, r) => proxy.throttle(between(r, 300, 1200), magnitude(r, 500)),
  },
  {
    name: 'stall',
    share: 6,
    strike: ({ proxy }, r) => proxy.silence(between(r, 100, LONGEST_PAUSE_MS), false),
  },
  {
    name: 'black hole',
    share: 3,
    strike: ({ proxy }, r) => proxy.silence(between(r, 500, LONGEST_PAUSE_MS), true),
  },
  { name: 'refused', share: 6, strike: ({ proxy }, r) => proxy.refuse(between(r, 200, 1000)) },
];

const PLANT: readonly Kind<Plant>[] = [
  { name: 'agent killed', share: 28, strike: ({ agent }) => agent.end('SIGKILL') },
  { name: 'trainer killed', share: 24, strike: async (plant) => killTrainer(plant) },
  {
    name: 'agent asleep',
    share: 14,
    strike: ({ agent }, r) => agent.pause(between(r, 100, LONGEST_PAUSE_MS)),
  },
  { name: 'agent’s disk full', share: 20, strike: ({ disk, agent }, r) => fill({ disk, program: agent }, r) },
  { name: 'agent’s clock', share: 14, strike: async ({ clockFile }, r) => setClock(clockFile, r) },
];

const AGGREGATOR: readonly Kind<World>[] = [
  { name: 'aggregator killed', share: 36, strike: ({ aggregator }) => aggregator.end('SIGKILL') },
  { name: 'aggregator restarted', share: 8, strike: ({ aggregator }) => aggregator.end('SIGTERM') },
  {
    name: 'aggregator asleep',
    share: 14,
    strike: ({ aggregator }, r) => aggregator.pause(between(r, 100, LONGEST_PAUSE_MS)),
  },
  {
    name: 'aggregator’s disk full',
    share: 26,
    strike: ({ aggregatorDisk: disk, aggregator }, r) => fill({ disk, program: aggregator }, r),
  },
  { name: 'aggregator’s clock', share: 16, strike: async (world, r) => setClock(world.aggregatorClock, r) },
];

function killTrainer(plant: Plant): boolean {
  const pid = plant.trainerPid;
  plant.trainerPid = null;
  try {
    return pid !== null && process.kill(pid, 'SIGKILL');
  } catch {
    // It has died meanwhile: that was the kill of its agent.
    return false;
  }
}

/** Fills a disk up, half of the time so that its program also starts on it, and makes room again. */
async function fill(
  { disk, program }: { disk: SmallDisk; program: Supervised },
  random: Random,
): Promise<boolean> {
  disk.fill(random() < 0.3 ? 0 : magnitude(random, 100_000));
  const holdMs = between(random, 100, 2500);
  await sleep(holdMs / 2);
  if (random() < 0.4) await program.end('SIGKILL');
  await sleep(holdMs / 2);
  disk.free();
  return true;
}

/** Sets a clock: by minutes, or by days, forward or back from the right time, or right again. */
function setClock(clockFile: string, random: Random): boolean {
  const unit = random() < 0.5 ? MINUTE_MS : DAY_MS;
  const isRight = random() < 0.15;
  const offsetMs = isRight ? 0 : between(random, -40, 40) * unit;
  writeFileSync(clockFile, `${Math.round(offsetMs)}`);
  return true;
}

function draw<Victim>(kinds: readonly Kind<Victim>[], random: Random): Kind<Victim> {
  let left = random() * kinds.reduce((total, { share }) => total + share, 0);
  for (const kind of kinds) {
    left -= kind.share;
    if (left < 0) return kind;
  }
  return kinds.at(-1)!;
}

/** How many of each kind have struck. */
export type Struck = Record<string, number>;

/** Pauses between two faults of one lane, milliseconds. */
const CALM_MS = { network: [0, 500], plant: [1500, 8000], aggregator: [1500, 7000] } as const;

/**
 * Faults from one seed, in lanes that run at the same time: two of the network and one of the PC per plant, one per
 * aggregator. What a lane draws, and in which order, depends on the seed alone; when it strikes, and what it meets
 * there, also on the speed of the machine.
 */
export class Storm {
  readonly struck: Struck = {};
  #count = 0;
  readonly #wanted: number;

  /** @param wanted how many faults have to strike */
  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when enough has struck and all of it is over. */
  async rage(worlds: readonly World[], seed: number): Promise<void> {
    const lanes: Promise<void>[] = [];
    const random = () => seededRandom(seed + 7919 * lanes.length);
    for (const world of worlds) {
      lanes.push(this.#lane(AGGREGATOR, world, random(), CALM_MS.aggregator));
      for (const plant of world.plants) {
        lanes.push(this.#lane(PLANT, plant, random(), CALM_MS.plant));
        for (let lane = 0; lane < 2; lane++)
          lanes.push(this.#lane(NETWORK, plant, random(), CALM_MS.network));
      }
    }
    await Promise.all(lanes);
  }

  async #lane<Victim>(
    kinds: readonly Kind<Victim>[],
    victim: Victim,
    random: Random,
    [shortest, longest]: readonly [number, number],
  ): Promise<void> {
    while (this.#count < this.#wanted) {
      await sleep(between(random, shortest, longest));
      // Drawn as a whole before it strikes: what it meets must not change what is drawn next.
      const { name, strike } = draw(kinds, random);
      const own = seededRandom(Math.floor(random() * 2 ** 32));
      if (!(await strike(victim, own))) continue;
      this.#count += 1;
      this.struck[name] = (this.struck[name] ?? 0) + 1;
    }
  }
}
