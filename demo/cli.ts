import os from 'node:os';
import path from 'node:path';
import type { BackendName } from '@genba/main/trainer/messages';
import type { Language } from '@genba/shared/errors/catalogue';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createLogUpdate } from 'log-update';
import { buildWindows } from '../tools/build-windows.ts';
import { Demo } from './demo.ts';
import { PageServer } from './page-server.ts';
import { renderTable } from './table.ts';
import { TEXT } from './text.ts';

const DEFAULT_FOLDER = path.resolve(import.meta.dirname, '../.genba-demo');

/** Exit code of a demo that was stopped before its end, as shells count it. */
const EXIT_INTERRUPTED = 130;

interface CliOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly seed: number;
  readonly rounds: number;
  readonly examples: number;
  readonly rest: number;
  readonly port: number;
  readonly folder: string;
  readonly backend?: BackendName;
  readonly lang: Language;
}

function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`a whole number from ${minimum} to ${maximum}`);
  };
}

function systemLanguage(): Language {
  const { LC_ALL, LANG } = process.env;
  return (LC_ALL || LANG || Intl.DateTimeFormat().resolvedOptions().locale).startsWith('ja') ? 'ja' : 'en';
}

/** Shows the live table: redrawn in place on a terminal, a line per change of phase elsewhere. */
function showProgress(demo: Demo, language: Language): () => void {
  if (process.stdout.isTTY) {
    const update = createLogUpdate(process.stdout);
    demo.on('change', () => update(renderTable(demo.status, language)));
    return () => update.done();
  }
  let phase = '';
  demo.on('change', () => {
    if (demo.status.phase === phase) return;
    phase = demo.status.phase;
    console.log(renderTable(demo.status, language));
  });
  return () => undefined;
}

async function run(options: CliOptions): Promise<void> {
  const text = TEXT[options.lang];
  const demo = new Demo({
    folder: path.resolve(options.folder),
    seed: options.seed,
    rounds: options.rounds,
    examples: options.examples,
    restSeconds: options.rest / 1000,
    backend: options.backend ?? null,
  });
  await buildWindows();
  const page = new PageServer(() => demo.status);
  await page.listen(options.port);
  demo.on('change', () => page.push(demo.status));
  let isDone = false;
  let isInterrupted = false;
  const stopAll = async () => {
    await demo.stop();
    await page.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      isInterrupted = true;
      void stopAll().then(() => process.exit(isDone ? 0 : EXIT_INTERRUPTED));
    });
  }
  console.log(text.page(page.address));
  console.log(text.window);
  const finishProgress = showProgress(demo, options.lang);
  try {
    const figures = await demo.run();
    isDone = true;
    finishProgress();
    console.log(`\n${demo.status.summary![options.lang].join('\n')}`);
    if (!options.once) {
      console.log(`\n${text.stop}\n${text.page(page.address)}`);
      return;
    }
    await stopAll();
    if (options.json) console.log(JSON.stringify(figures));
    process.exit(figures.roundsLost === 0 && figures.updatesAppliedTwice === 0 ? 0 : 1);
  } catch (error) {
    // What breaks while everything is being stopped is no failure.
    if (isInterrupted) return;
    finishProgress();
    console.error(`${text.phase.failed} ${error instanceof Error ? error.message : String(error)}`);
    await stopAll();
    process.exit(1);
  }
}

new Command('genba-demo')
  .description(`Three plants on this ${os.type()} computer learn one model through an outage.`)
  .option('--once', 'stop everything and exit at the end', false)
  .option('--json', 'print the figures as JSON on the last line (with --once)', false)
  .option('--seed <number>', 'seed of split and training', wholeNumber(0, 1_000_000), 1)
  .option('--rounds <count>', 'rounds of every plant', wholeNumber(8, 1000), 60)
  .option('--examples <count>', 'training images of every plant', wholeNumber(100, 5000), 1500)
  .option('--rest <milliseconds>', 'rest of every plant between two rounds', wholeNumber(0, 60_000), 200)
  .option('--port <number>', 'port of the page', wholeNumber(0, 65_535), 0)
  .option('--folder <folder>', 'where everything is kept; emptied at the start', DEFAULT_FOLDER)
  .addOption(new Option('--backend <name>', 'how to train').choices(['tensorflow', 'webgpu', 'wasm', 'cpu']))
  .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
  .action(run)
  .parse();
