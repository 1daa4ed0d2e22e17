import type { EvaluationResult } from '../../main/trainer/messages.ts';
import { type PlantComparison, WAYS, type Way } from './compare.ts';
import type { Problem } from './problem.ts';

/** What each way of training is called in a table. */
export const TITLES: Readonly<Record<Way, string>> = {
  alone: 'alone',
  own: 'federated, own model',
  shared: 'federated, shared model',
  together: 'all data in one place',
};

/** One problem with the comparisons of each seed. */
export interface ProblemResults {
  readonly problem: Problem;
  /** One list of plants per seed, always in the same order. */
  readonly bySeed: readonly (readonly PlantComparison[])[];
}

/** The tables of one problem as Markdown: balanced accuracy on the plants' own tests and on the common one. */
export function problemSection({ problem, bySeed }: ProblemResults): string {
  const { title, plantsAre, commonTestIs } = problem;
  const lines = [
    `## ${title}`,
    '',
    `${plantsAre}. Common test: ${commonTestIs}.`,
    '',
    ...scoreTable('Own test', bySeed, ({ ownTest }) => ownTest),
    '',
    ...scoreTable('Common test', bySeed, ({ commonTest }) => commonTest),
  ];
  if (problem.task.classes.length === 2) {
    lines.push('', ...detectionTable(problem.task.classes[1]!, bySeed));
  }
  return `${lines.join('\n')}\n`;
}

type Judged = Readonly<Record<Way, EvaluationResult>>;
type Seeds = ProblemResults['bySeed'];

function scoreTable(title: string, bySeed: Seeds, of: (plant: PlantComparison) => Judged): string[] {
  const plants = bySeed[0]!;
  const rows = plants.map((plant, index) => [
    plant.plant,
    `${plant.trainingExamples}`,
    ...WAYS.map((way) => spread(bySeed.map((seed) => percent(of(seed[index]!)[way].balancedAccuracy)))),
  ]);
  const means = WAYS.map((way) =>
    spread(bySeed.map((seed) => meanOf(seed.map((plant) => percent(of(plant)[way].balancedAccuracy))))),
  );
  rows.push(['**mean of the plants**', '', ...means]);
  return markdown([title, 'training examples', ...WAYS.map((way) => TITLES[way])], rows);
}

/** How much of the rare class is found on the common test, and how much of what is found really is of it. */
function detectionTable(rare: string, bySeed: Seeds): string[] {
  const figures = (share: (confusion: readonly (readonly number[])[]) => number | null) =>
    WAYS.map((way) =>
      spread(
        bySeed.map((seed) =>
          meanOf(seed.map(({ commonTest }) => percent(share(commonTest[way].confusion!)))),
        ),
      ),
    );
  return markdown(
    [`Class “${rare}”, common test, mean of the plants`, ...WAYS.map((way) => TITLES[way])],
    [
      ['found (recall)', ...figures(([, bad]) => ratio(bad![1]!, bad![0]! + bad![1]!))],
      ['right when reported (precision)', ...figures(([good, bad]) => ratio(bad![1]!, good![1]! + bad![1]!))],
    ],
  );
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function percent(share: number | null): number {
  return share === null ? Number.NaN : share * 100;
}

/** Of what is there: a model that never reports anything has no precision. */
function meanOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Mean and standard deviation over the seeds, such as `91.2 ± 0.8`. */
function spread(values: readonly number[]): string {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return '–';
  const mean = meanOf(known);
  const deviation = Math.sqrt(meanOf(known.map((value) => (value - mean) ** 2)));
  return `${mean.toFixed(1)} ± ${deviation.toFixed(1)}`;
}

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}
