import { AppError } from '@genba/shared/errors/app-error';
import { modelReportSchema } from '@genba/shared/local-api/model';
import { parseTask } from '@genba/shared/model/task';
import { describe, expect, it, onTestFinished } from 'vitest';
import { judgement } from '../../trainer/fixtures.ts';
import type { EvaluationResult } from '../../trainer/messages.ts';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { ClientStore } from '../store/client-store.ts';
import { openAgentDatabase } from '../store/database.ts';
import { Outbox } from '../store/outbox.ts';
import { type Judging, PlantModels } from './plant-models.ts';

const TASK = parseTask({
  id: 'welds',
  name: { en: 'Welds', ja: '溶接' },
  input: { kind: 'table', columns: ['current'], labelColumn: 'result' },
  classes: ['OK', 'NG'],
  model: { template: 'mlp', hiddenUnits: [1] },
});

const EXAMPLES = 200;

const NOT_AVAILABLE = expect.objectContaining({ code: 'model/not-available' });

/** A model is as good as its first weight says: so many of the first examples, all of class 0, are judged wrong. */
function evaluation(wrong: number): EvaluationResult {
  const labels = Uint16Array.from({ length: EXAMPLES }, (_, place) => Number(place >= 100));
  const judged = labels.map((label, place) => (place < wrong ? 1 - label : label));
  const merits = Float64Array.from(labels, (label, place) => Number(label === judged[place]));
  return {
    ...judgement(1 - wrong / EXAMPLES, EXAMPLES),
    confusion: [
      [100 - wrong, wrong],
      [0, 100],
    ],
    outcomes: { rule: 'mean', merits, labels, judged },
  };
}

/** A plant whose models are told by their first weight: how many examples they judge wrong; below 0, no numbers. */
function plant() {
  const { root } = temporaryFolder();
  let database = openAgentDatabase(root);
  const client = () => new ClientStore(database);
  const weights = (wrong: number) => {
    const all = new Float32Array(client().weights()?.length ?? 7);
    all[0] = wrong;
    return all;
  };
  let changes = 0;
  const open = () => new PlantModels(database, () => (changes += 1));
  let models = open();
  client().saveTask(TASK);
  onTestFinished(() => {
    database.close();
  });
  const judging: Judging = {
    evaluate: async ([wrong]) => {
      if (wrong! < 0) throw new AppError('trainer/diverged');
      return evaluation(wrong!);
    },
    examplesVersion: 1,
    picturesAt: (places) => places.map((place) => `画像/${place}.png`),
  };
  let version = 0;
  return {
    get models() {
      return models;
    },
    get changes() {
      return changes;
    },
    judging,
    restart() {
      database.close();
      database = openAgentDatabase(root);
      models = open();
    },
    /** A plant that never trained gets its first weights. */
    first(wrong: number) {
      client().install({
        baseId: 'b0',
        globalVersion: 0,
        staleness: null,
        updateId: null,
        weights: weights(wrong),
      });
      return models.judge(judging);
    },
    /** A round that leads to one model, and a sync that makes another of it; not judged yet. */
    sync(own: number, together: number) {
      const before = client().weights()!;
      client().commitRound({
        startWeights: before,
        trainedWeights: weights(own),
        examples: 1,
        loss: 1,
        validationAccuracy: null,
        scores: null,
        durationMs: 1,
        backend: 'cpu',
      });
      const { updateId } = new Outbox(database).next()!;
      version += 1;
      client().install({
        baseId: `b${version}`,
        globalVersion: version,
        staleness: 0,
        updateId,
        weights: weights(together),
      });
    },
  };
}

const inUse = ({ models }: ReturnType<typeof plant>) => models.inUseWeights()?.[0];

describe('after a sync', () => {
  it('what there is of the three is judged, and the newest is taken where it is as good', async () => {
    const here = plant();
    expect(here.models.summary()).toBeNull();
    await here.first(90);
    expect(inUse(here)).toBe(90);
    here.sync(20, 10);
    expect(here.models.isJudgingDue).toBe(true);
    expect(await here.models.judge(here.judging)).toMatchObject({ score: 0.95 });
    expect(here.models.isJudgingDue).toBe(false);
    expect(inUse(here)).toBe(10);
    expect(here.changes).toBe(2);
    const report = modelReportSchema.parse(here.models.report());
    expect(report.comparisons).toMatchObject([
      { own: null, shared: 0.55, together: 0.55, inUse: null, examples: EXAMPLES },
      { own: 0.9, shared: null, together: 0.95, inUse: 0.55, globalVersion: 1, round: 1 },
    ]);
    expect(report.models).toMatchObject([
      {
        model: 'own',
        classes: [
          { right: 80, total: 100 },
          { right: 100, total: 100 },
        ],
      },
      { model: 'together', mistakes: [{ actual: 0, judgedAs: 1, count: 10 }] },
    ]);
    expect(report.decisions.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['taken', 'as-good'],
      ['taken', 'first'],
    ]);
    expect(here.models.mistakenPictures({ model: 'together', actual: 0, judgedAs: 1 })).toHaveLength(6);
    expect(here.models.mistakenPictures({ model: 'together', actual: 1, judgedAs: 0 })).toEqual([]);
  });

  it('a worse one is held back, and the plant goes on with its best', async () => {
    const here = plant();
    await here.first(10);
    here.sync(12, 60);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(10);
    expect(here.models.summary()).toMatchObject({
      isHoldingBack: true,
      chosenBy: null,
      inUse: { score: 0.95 },
    });
    expect(here.models.report().decisions[0]).toMatchObject({
      kind: 'held-back',
      reason: 'worse',
      by: null,
      score: 0.7,
      inUseScore: 0.95,
    });
    here.sync(12, 8);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(8);
    expect(here.models.summary()).toMatchObject({ isHoldingBack: false });
  });

  it('one whose answers are no numbers is never used, nor does it stop anything', async () => {
    const here = plant();
    await here.first(10);
    here.sync(12, -1);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(10);
    const { models, decisions } = here.models.report();
    expect(decisions[0]).toMatchObject({ kind: 'held-back', reason: 'unusable', score: null });
    expect(models).toMatchObject([{ model: 'own' }, { model: 'together', isAvailable: false, score: null }]);
    expect(() => here.models.use('together', '山田')).toThrow(NOT_AVAILABLE);
  });

  it('what the plant has learnt by itself is taken where it is clearly better than both', async () => {
    const here = plant();
    await here.first(90);
    here.sync(5, 85);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(5);
    expect(here.models.summary()).toMatchObject({ inUse: { model: 'own' } });
  });

  it('the newest is taken where nothing is held out to judge by', async () => {
    const here = plant();
    const nothing = { ...here.judging, evaluate: async () => ({ ...judgement(0, 0), score: null }) };
    await here.first(10);
    here.sync(12, 60);
    await here.models.judge({ ...nothing, examplesVersion: 2 });
    expect(inUse(here)).toBe(60);
    expect(here.models.report().decisions[0]).toMatchObject({ reason: 'not-judged' });
  });

  it('a model that was measured on the same examples is not measured again', async () => {
    const here = plant();
    const asked: number[] = [];
    const judging: Judging = {
      ...here.judging,
      evaluate: (weights) => {
        asked.push(weights[0]!);
        return here.judging.evaluate(weights);
      },
    };
    await here.first(10);
    here.sync(12, 8);
    await here.models.judge(judging);
    here.sync(9, 7);
    await here.models.judge(judging);
    expect(asked).toEqual([8, 12, 7, 9]);
    here.sync(6, 5);
    // Other examples: all are measured anew, the one in use among them.
    await here.models.judge({ ...judging, examplesVersion: 2 });
    expect(asked.slice(4)).toEqual([5, 6, 7]);
  });
});

describe('a round', () => {
  const round = (here: ReturnType<typeof plant>, wrong: number) =>
    here.models.considerRound(
      Float32Array.of(wrong, 0, 0, 0, 0, 0, 0),
      evaluation(wrong),
      { baseId: 'b0', globalVersion: 0, round: 1 },
      here.judging,
    );

  it('puts its model in use where that is clearly better, so that a plant that is cut off judges by what it learns', async () => {
    const here = plant();
    await round(here, 5);
    expect(inUse(here)).toBeUndefined();
    await here.first(90);
    await round(here, 20);
    expect(inUse(here)).toBe(20);
    expect(here.models.inUse()).toMatchObject({ origin: 'own', round: 1 });
    await round(here, 19);
    expect(inUse(here)).toBe(20);
    expect(here.models.report().decisions).toHaveLength(2);
    // And the next sync is compared with it.
    here.sync(19, 60);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(20);
  });

  it('changes nothing where a person has chosen', async () => {
    const here = plant();
    await here.first(90);
    here.models.use('in-use', '山田');
    await round(here, 0);
    expect(inUse(here)).toBe(90);
  });
});

describe('what is broken off', () => {
  it('changes nothing, and is judged by the next start', async () => {
    const here = plant();
    await here.first(10);
    here.sync(12, 8);
    const evaluate = async () => {
      throw new AppError('trainer/cancelled');
    };
    await expect(here.models.judge({ ...here.judging, evaluate })).rejects.toMatchObject({
      code: 'trainer/cancelled',
    });
    expect(inUse(here)).toBe(10);
    here.restart();
    expect(here.models.isJudgingDue).toBe(true);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(8);
  });

  it('by another sync is judged as that one left it', async () => {
    const here = plant();
    await here.first(10);
    here.sync(12, 8);
    let isFirst = true;
    await here.models.judge({
      ...here.judging,
      evaluate: async (weights) => {
        if (isFirst) here.sync(11, 70);
        isFirst = false;
        return here.judging.evaluate(weights);
      },
    });
    expect(here.models.isJudgingDue).toBe(true);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(10);
  });
});

describe('a person', () => {
  it('overrules the gate until it is to decide again, also across restarts', async () => {
    const here = plant();
    await here.first(10);
    here.sync(12, 60);
    await here.models.judge(here.judging);
    here.models.use('together', '山田');
    expect(inUse(here)).toBe(60);
    here.restart();
    here.sync(9, 5);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(60);
    expect(here.models.summary()).toMatchObject({ chosenBy: '山田', isHoldingBack: false });
    expect(here.models.report().comparisons).toHaveLength(3);

    here.models.automatic('佐藤');
    expect(here.models.isJudgingDue).toBe(true);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(5);
    expect(here.models.report().decisions.map(({ kind, by }) => [kind, by])).toEqual([
      ['taken', null],
      ['automatic', '佐藤'],
      ['taken', '山田'],
      ['held-back', null],
      ['taken', null],
    ]);
  });

  it('keeps the one in use, however good the next are', async () => {
    const here = plant();
    expect(() => here.models.use('in-use', '山田')).toThrow(NOT_AVAILABLE);
    await here.first(30);
    here.models.use('in-use', '山田');
    here.sync(9, 5);
    await here.models.judge(here.judging);
    expect(inUse(here)).toBe(30);
    expect(() => here.models.use('shared', '山田')).toThrow(NOT_AVAILABLE);
    expect(inUse(here)).toBe(30);
  });
});
