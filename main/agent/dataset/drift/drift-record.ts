import { hash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import {
  type DriftNotice,
  driftNoticeSchema,
  type KnownDrift,
  knownDriftSchema,
} from '@genba/shared/local-api/drift';
import type { Task } from '@genba/shared/model/task';
import { z } from 'zod';
import { writeDurably } from '../../../durable-file/durable-file.ts';
import type { ExampleSet } from '../../../trainer/messages.ts';
import { compareSamples } from './compare.ts';
import { addExample, addSample, emptySample, type FeatureSample } from './feature-sample.ts';
import { featuresOf } from './features.ts';

/** Newer examples become part of what others are compared with once they are this share of it and nothing is unlike. */
const SETTLED_SHARE = 0.2;
const SETTLED_EXAMPLES = 200;

/** So many notices are remembered that a person knows of; a plant where everything changes daily has one a day. */
const KEPT_KNOWN = 20;
const knownSchema = z.array(knownDriftSchema);

/** Kept between readings. */
interface Kept {
  /** Of the task's input and classes: others are not compared with. */
  readonly key: string;
  readonly before: FeatureSample;
  now: FeatureSample;
  /** When the first of `now` were read; null where there are none. */
  since: string | null;
}

/** Remembers what a plant's examples are like, and tells when newer ones are unlike those before. In `dataset/`. */
export class DriftRecord {
  readonly #stateFile: string;
  readonly #noticeFile: string;
  readonly #knownFile: string;

  constructor(folder: string) {
    this.#stateFile = join(folder, 'drift-samples');
    this.#noticeFile = join(folder, 'drift-notice.json');
    this.#knownFile = join(folder, 'drift-known.json');
  }

  /**
   * Takes up what was read: all of it the first time, and from then on what is new.
   * @param fresh places of the examples that were in no part before
   * @throws Error of the file system
   */
  observe(
    examples: ExampleSet,
    { task, fresh, at }: { task: Task; fresh: readonly number[]; at: string },
  ): void {
    const { input, classes } = task;
    const key = hash('sha256', JSON.stringify([input, classes]));
    const labelCount = Math.max(1, classes.length);
    const add = (sample: FeatureSample, place: number) => {
      addExample(sample, featuresOf(examples, task, place), examples.labels[place]!);
    };
    let kept = this.#read();
    if (kept === null || kept.key !== key) {
      kept = { key, before: emptySample(labelCount), now: emptySample(labelCount), since: null };
      for (const place of examples.labels.keys()) add(kept.before, place);
    } else {
      if (kept.since !== null && this.#isKnown(kept.since)) settle(kept);
      if (fresh.length > 0) kept.since ??= at;
      for (const place of fresh) add(kept.now, place);
    }
    const findings = compareSamples(kept.before, kept.now, task);
    const { count } = kept.now;
    const notice: DriftNotice | null =
      findings.length === 0 ? null : { since: kept.since!, before: kept.before.count, now: count, findings };
    const isEnough = count >= Math.max(SETTLED_EXAMPLES, kept.before.count * SETTLED_SHARE);
    if (notice === null && isEnough) settle(kept);
    writeDurably(this.#stateFile, serialize(kept));
    if (notice === null) rmSync(this.#noticeFile, { force: true });
    else writeDurably(this.#noticeFile, JSON.stringify(notice));
  }

  /** What newer examples are unlike in; null where nothing is, or a person knows. */
  notice(): DriftNotice | null {
    try {
      const notice = driftNoticeSchema.parse(JSON.parse(readFileSync(this.#noticeFile, 'utf8')));
      return this.#isKnown(notice.since) ? null : notice;
    } catch {
      // There is none, which is the usual case.
      return null;
    }
  }

  /** A person knows of the notice: from the next reading on the newer examples count as those before. */
  acknowledge(at: string): void {
    const notice = this.notice();
    if (notice === null) return;
    const known = [...this.known(), { ...notice, knownAt: at }].slice(-KEPT_KNOWN);
    writeDurably(this.#knownFile, JSON.stringify(known));
  }

  /** The last notices that a person knows of, oldest first. */
  known(): KnownDrift[] {
    try {
      return knownSchema.parse(JSON.parse(readFileSync(this.#knownFile, 'utf8')));
    } catch {
      // None so far.
      return [];
    }
  }

  #isKnown(since: string): boolean {
    return this.known().at(-1)?.since === since;
  }

  #read(): Kept | null {
    try {
      return deserialize(readFileSync(this.#stateFile)) as Kept;
    } catch {
      // Never written, or of another version: what is there now is what others are compared with.
      return null;
    }
  }
}

function settle(kept: Kept): void {
  addSample(kept.before, kept.now);
  kept.now = emptySample(kept.before.classes.length);
  kept.since = null;
}
