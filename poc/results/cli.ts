import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { BACKENDS } from '../../main/trainer/backends.ts';
import type { BackendName } from '../../main/trainer/messages.ts';
import { ai4i } from './ai4i.ts';
import { comparePlants, type PlantComparison } from './compare.ts';
import { fashionMnist, mnist } from './digits.ts';
import type { ProblemMaker } from './problem.ts';
import { sensorNetwork } from './sensor-network.ts';
import { type ProblemResults, problemSection } from './table.ts';

interface Choices {
  readonly data?: string;
  readonly fashion: string;
  readonly seeds: number;
  readonly only?: readonly string[];
  readonly backend?: BackendName;
  readonly to: string;
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a whole number from 1 on');
  return number;
}

const program = new Command('results')
  .description(
    'Trains plants alone, federated, and on all data in one place, on real data, and writes the tables of docs/RESULTS.md.',
  )
  .option('--data <folder>', 'holds ai4i2020/ and sensor-network/; left out: without those data')
  .option('--fashion <folder>', 'holds the IDX files of Fashion-MNIST', '/usr/share/datasets/fashion-mnist')
  .option('--seeds <count>', 'deals the data out so often, and trains anew each time', count, 3)
  .option('--only <ids...>', 'only these data')
  .addOption(new Option('--backend <name>', 'trains with this backend').choices([...BACKENDS]))
  .option(
    '--to <file>',
    'where the tables go',
    path.resolve(import.meta.dirname, '..', '..', 'docs', 'RESULTS.md'),
  );

const choices = program.parse().opts<Choices>();

/** All data that are at hand, by their word on the command line. */
function problems(): Map<string, ProblemMaker> {
  const found = new Map<string, ProblemMaker>([['mnist', mnist]]);
  if (existsSync(choices.fashion)) found.set('fashion-mnist', fashionMnist(choices.fashion));
  const machines = choices.data && path.join(choices.data, 'ai4i2020', 'ai4i2020.csv');
  if (machines && existsSync(machines)) found.set('ai4i', ai4i(machines));
  const sensors = choices.data && path.join(choices.data, 'sensor-network');
  if (sensors && existsSync(sensors)) found.set('sensor-network', sensorNetwork(sensors));
  return found;
}

const INTRODUCTION = `# Results on real data

What plants gain by training together, made by \`npm run results -- --data FOLDER\`. Every model is judged on examples that nobody trained on, by **balanced accuracy** in percent: the mean of the shares found of each class, so that a rare class counts as much as a common one. Mean and standard deviation over SEEDS seeds; each seed deals the data out anew, draws other first weights and other delays.

The plants train on a virtual clock, with the round times of nine Raspberry Pis from the traces of the OrthoFL paper (arXiv 2502.15940), so some report ten times as often as others. Training, strategy and evaluation are the product's own code.

- **alone**: a plant's own data only, as many rounds as it trained in the federation.
- **federated, own model**: what the plant works with after its last reply.
- **federated, shared model**: the aggregator's moving average.
- **all data in one place**: the upper bound that nobody may have, because the data would have to leave the plants.

The *own test* is of the plant's own kind of data, and balanced over the classes that occur in it. The *common test* is what a plant may meet one day.

Classes count alike in training where one is rare, so rare events are found at the price of false alarms: the last table of such data says how many. Where *own test* is 100 for a plant that has no event in it, that says only that it raises no false alarm.
`;

const sections: string[] = [];
for (const [id, make] of problems()) {
  if (choices.only && !choices.only.includes(id)) continue;
  const bySeed: PlantComparison[][] = [];
  let problem: ProblemResults['problem'] | undefined;
  for (let seed = 1; seed <= choices.seeds; seed++) {
    problem = await make(seed);
    const startedAt = performance.now();
    bySeed.push(await comparePlants(problem, { seed, backend: choices.backend ?? null }));
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    process.stderr.write(`${id}, seed ${seed} of ${choices.seeds}: ${seconds} s\n`);
  }
  const section = problemSection({ problem: problem!, bySeed });
  process.stdout.write(`${section}\n`);
  sections.push(section);
}
if (sections.length === 0) program.error('No such data here.');
mkdirSync(path.dirname(choices.to), { recursive: true });
writeFileSync(choices.to, [INTRODUCTION.replace('SEEDS', `${choices.seeds}`), ...sections].join('\n'));
process.stderr.write(`${choices.to}\n`);
