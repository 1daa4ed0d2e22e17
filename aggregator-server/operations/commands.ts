import { AppError } from '@genba/shared/errors/app-error';
import { type Command, Option } from 'commander';
import type { AuditHead } from '../store/audit-chain.ts';
import { readTaskFile } from '../task-file.ts';
import { auditHeadOf, readAuditHead } from './audit-head.ts';
import { backup } from './backup.ts';
import type { CommandHost } from './command-host.ts';
import { compact } from './compact.ts';
import { EXPORT_FORMATS, type ExportFormat, exportModel } from './export-model.ts';
import type { LongWork, Progress } from './progress.ts';
import { compactionReport, RESTORED_NOTICE, sizeText, verificationReport, versionsTable } from './reports.ts';
import { restore } from './restore.ts';
import { verify } from './verify.ts';
import { listVersions } from './versions.ts';
import { readWholeNumber } from './whole-number.ts';

/** Time between two lines of progress, milliseconds. */
const PROGRESS_EVERY_MS = 1000;

interface Folders {
  readonly data: string;
  readonly to: string;
  readonly from: string;
}

interface VerifyChoices extends Folders {
  readonly auditHead?: readonly AuditHead[];
  readonly olderBackup?: readonly string[];
}

interface ExportChoices extends Folders {
  readonly task: string;
  readonly version?: number;
  readonly format: ExportFormat;
  readonly taskFile?: string;
  readonly logits?: boolean;
}

const AUDIT_HEAD = [
  '--audit-head <rows:digest>',
  'an earlier end of the audit record, as audit --head printed it, which it must contain; may be given several times',
  (text: string, earlier: readonly AuditHead[] | undefined) => [...(earlier ?? []), readAuditHead(text)],
] as const;

function collect(text: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), text];
}

/** Adds the operations on a data folder to the program. */
export function addOperations(program: Command, host: CommandHost): void {
  const { print } = host;
  const data = ['--data <folder>', 'data folder of the aggregator'] as const;

  program
    .command('verify')
    .description('check catalogue and weights of a data folder or backup; changes nothing')
    .requiredOption('--data <folder>', 'data folder or backup')
    .option(...AUDIT_HEAD)
    .option('--older-backup <folder>', 'a backup whose audit record this one must contain', collect)
    .action(async ({ data: dataFolder, auditHead = [], olderBackup = [] }: VerifyChoices) => {
      const auditHeads = [...auditHead, ...(await Promise.all(olderBackup.map(auditHeadOf)))];
      const finding = await verify({ dataFolder, auditHeads, ...longWork(host) });
      print(verificationReport(finding));
      const { length } = finding.problems;
      if (length > 0) throw new AppError('store/damaged', { detail: `${length} found in ${dataFolder}` });
    });

  program
    .command('backup')
    .description('copy a data folder as of one moment, while the server runs or not')
    .requiredOption(...data)
    .requiredOption('--to <folder>', 'new or empty folder')
    .action(async ({ data: dataFolder, to }: Folders) => {
      print(verificationReport(await backup({ dataFolder, to, ...longWork(host) })));
      print(`Backup complete: ${to}`);
    });

  program
    .command('restore')
    .description('make a data folder from a backup')
    .requiredOption('--from <folder>', 'backup')
    .requiredOption('--data <folder>', 'new or empty data folder')
    .option(...AUDIT_HEAD)
    .action(async ({ from, data: dataFolder, auditHead: auditHeads }: VerifyChoices) => {
      print(verificationReport(await restore({ from, dataFolder, auditHeads, ...longWork(host) })));
      print(`Restored to: ${dataFolder}\n\n${RESTORED_NOTICE}`);
    });

  program
    .command('versions')
    .description('list the versions of a task whose weights are kept')
    .requiredOption(...data)
    .requiredOption('--task <id>', 'id of the task')
    .action(async ({ data: dataFolder, task }: ExportChoices) => {
      print(versionsTable(await listVersions({ dataFolder, taskId: task })));
    });

  program
    .command('export')
    .description(
      'write a kept version as a model for TensorFlow.js (model.json, weights.bin) or Keras 3 (model.keras)',
    )
    .requiredOption(...data)
    .requiredOption('--task <id>', 'id of the task')
    .option('--version <number>', 'version; the newest when left out', readWholeNumber)
    .requiredOption('--to <folder>', 'new or empty folder')
    .addOption(new Option('--format <name>', 'form of the files').choices(EXPORT_FORMATS).default('tfjs'))
    .option('--logits', 'without the last layer that makes probabilities')
    .option('--task-file <file>', 'task file, for data folders of early versions')
    .action(async (choices: ExportChoices) => {
      const { data: dataFolder, task: taskId, version, to, format, taskFile, logits } = choices;
      const task = taskFile === undefined ? undefined : await readTaskFile(taskFile);
      const hasSoftmax = logits !== true;
      const written = await exportModel({ dataFolder, taskId, version, to, task, hasSoftmax, format });
      print(`Version ${written.version} of ${taskId} written: ${to}`);
    });

  program
    .command('compact')
    .description('remove what nothing refers to, and shrink the catalogue; only while no server runs')
    .requiredOption(...data)
    .action(async ({ data: dataFolder }: Folders) => {
      print(compactionReport(await compact({ dataFolder })));
    });
}

/** Lets long work tell how far it is, not more than once a second, and be stopped. */
function longWork({ tell, interruptible }: CommandHost): LongWork {
  let toldAt = performance.now();
  const onProgress = ({ step, files, totalFiles, bytes }: Progress) => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = performance.now();
    tell(`${step}: ${files} of ${totalFiles} files, ${sizeText(bytes)}`);
  };
  return { onProgress, signal: interruptible() };
}
