import { payloadBytes } from '@genba/shared/federation/encoding/payload-size';
import { layerGraph } from '@genba/shared/model/layer-graph';
import { weightLayout } from '@genba/shared/model/layout';
import { type Task, updateEncodingOf } from '@genba/shared/model/task';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { readTaskFile } from '../task-file.ts';
import type { CommandHost } from './command-host.ts';
import { sizeText } from './reports.ts';

const BYTES_PER_VALUE = Float32Array.BYTES_PER_ELEMENT;

/** What a task asks of plants and lines. */
export interface TaskDemands {
  readonly layers: readonly LayerDemand[];
  /** Numbers in the model. */
  readonly weights: number;
  /** Of these, running statistics and settings of normalisation, which each plant keeps for itself. */
  readonly keptByPlants: number;
  /** Bytes of an update, and of a reply, which is always sent in full. */
  readonly updateBytes: number;
  readonly replyBytes: number;
  /** Bytes; see {@link demandsOf}. */
  readonly trainingBytes: number;
}

/** One layer: its weights are calibrated together where `federation.grouping` is `layer`. */
export interface LayerDemand {
  readonly name: string;
  readonly kind: string;
  /** Shape of one example behind it. */
  readonly outputs: readonly number[];
  readonly weights: number;
}

/**
 * Counts what a task's model needs.
 *
 * Equation: memory of a training step = 4 (k n + 2 b Σ a_l) bytes; n the weights, k their copies (themselves, gradients,
 * start, and momentum where there is one), b the batch, a_l the outputs of layer l, counted twice for their gradients.
 * A lower bound: what a backend needs beside that is not known.
 */
export function demandsOf(task: Task): TaskDemands {
  const layout = weightLayout(task);
  const layers = layerGraph(task).map(({ layer, outputs }) => ({
    name: layer.name,
    kind: layer.kind,
    outputs,
    weights: sumOf(layout.tensors.filter((tensor) => tensor.layer === layer.name).map(({ size }) => size)),
  }));
  const copies = task.training.momentum > 0 ? 4 : 3;
  const outputs = sumOf(layers.map((layer) => layer.outputs.reduce((product, side) => product * side, 1)));
  return {
    layers,
    weights: layout.size,
    keptByPlants: sumOf(layout.tensors.filter(({ role }) => role !== 'trainable').map(({ size }) => size)),
    updateBytes: payloadBytes(updateEncodingOf(task), layout),
    replyBytes: payloadBytes('float32', layout),
    trainingBytes: BYTES_PER_VALUE * (copies * layout.size + 2 * task.training.batchSize * outputs),
  };
}

/** Adds the command that looks at a task file before any plant sees it. */
export function addTaskCheck(program: Command, { print }: CommandHost): void {
  program
    .command('check-task')
    .description('say what is wrong with a task file, or what its model asks of plants and lines')
    .argument('<file>', 'task file (JSON)')
    .option('--print', 'print the whole task instead, with defaults and topology filled in')
    .action(async (path: string, { print: isPrinted }: { readonly print?: boolean }) => {
      const task = await readTaskFile(path);
      print(isPrinted ? JSON.stringify(task, null, 2) : demandsReport(task));
    });
}

function demandsReport(task: Task): string {
  const { layers, weights, keptByPlants, updateBytes, replyBytes, trainingBytes } = demandsOf(task);
  const table = new Table({
    head: ['Layer', 'Kind', 'Output', 'Weights'],
    colAligns: ['left', 'left', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { name, kind, outputs, weights: own } of layers) {
    table.push([name, kind, outputs.join('×'), own.toLocaleString('en')]);
  }
  return [
    `Task ${task.id} is valid: ${task.model.template}, ${weights.toLocaleString('en')} weights.`,
    table.toString(),
    ...(keptByPlants === 0
      ? []
      : [`Of these ${keptByPlants.toLocaleString('en')} stay each plant's own (normalisation).`]),
    `An update: ${sizeText(updateBytes)} (${updateEncodingOf(task)}). A reply: ${sizeText(replyBytes)}.`,
    `A training step of ${task.training.batchSize} examples needs at least ${sizeText(trainingBytes)} of memory at a plant.`,
  ].join('\n');
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
