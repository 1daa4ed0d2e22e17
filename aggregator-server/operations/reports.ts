import type { Finding } from '@genba/shared/federation/screening/finding';
import Table from 'cli-table3';
import { auditHeadText } from '../store/audit-chain.ts';
import type { QuarantinedUpdate } from '../store/screening-table.ts';
import type { KeptVersion } from './catalogue-reader.ts';
import type { Compaction } from './compact.ts';
import type { Verification } from './verify.ts';

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** What a folder holds and what is wrong with it, one finding per line. */
export function verificationReport(finding: Verification): string {
  const { files, bytes, orphans, notes, problems, auditHead } = finding;
  const tasks = finding.tasks.map(({ taskId, globalVersion }) => `Task ${taskId}: version ${globalVersion}`);
  return [
    ...tasks,
    `${count(files, 'weight file')} sound, ${sizeText(bytes)}`,
    ...(orphans === 0 ? [] : [`${count(orphans, 'file')} not referred to: harmless, compact removes them`]),
    ...(auditHead === null ? [] : [`Audit record: head ${auditHeadText(auditHead)}`]),
    ...notes.map((note) => `Note: ${note}`),
    ...problems.map((problem) => `DAMAGED: ${problem}`),
    problems.length === 0 ? 'Sound.' : `${count(problems.length, 'problem')}.`,
  ].join('\n');
}

/** The kept versions as a table, newest first. */
export function versionsTable(versions: readonly KeptVersion[]): string {
  const table = new Table({
    head: ['Version', 'Time', 'Updates merged', 'Last one by', 'Digest of the weights'],
    colAligns: ['right', 'left', 'right', 'left', 'left'],
    style: { head: [], border: [] },
  });
  for (const { version, createdAt, updatesMerged, plantName, digest } of versions) {
    table.push([version, createdAt, updatesMerged, plantName ?? '–', digest]);
  }
  return table.toString();
}

/** The updates in quarantine as a table, oldest first. */
export function quarantineTable(updates: readonly QuarantinedUpdate[]): string {
  if (updates.length === 0) return 'No update is in quarantine.';
  const table = new Table({
    head: ['Update', 'Task', 'Plant', 'Rounds', 'Since', 'Why'],
    colAligns: ['left', 'left', 'left', 'right', 'left', 'left'],
    style: { head: [], border: [] },
  });
  for (const { updateId, taskId, plantName, rounds, quarantinedAt, finding } of updates) {
    table.push([updateId, taskId, plantName, rounds, quarantinedAt, findingText(finding)]);
  }
  return table.toString();
}

function findingText(finding: Finding): string {
  switch (finding.kind) {
    case 'history': {
      const { group, norm, usual, ownScore, taskScore, limit } = finding;
      const own = ownScore === null ? 'no history' : ownScore.toFixed(1);
      return [
        `norm of ${group} ${figure(norm)}, usual ${figure(usual)}`,
        `robust z: plant ${own}, task ${taskScore.toFixed(1)}; limit ${limit}`,
      ].join('\n');
    }
    case 'absolute': {
      const { group, norm, startNorm, limit } = finding;
      return `norm of ${group} ${figure(norm)}, start weights ${figure(startNorm)}\nlimit ${limit} times that`;
    }
    case 'check-set': {
      const { metric, before, after, limit } = finding;
      return `check set, ${metric}: ${percent(before)} without, ${percent(after)} with it\nlimit: ${percent(limit)} less`;
    }
  }
}

function figure(value: number): string {
  return value.toPrecision(3);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function compactionReport(done: Compaction): string {
  const { removedFiles, removedBytes, catalogueBytesBefore, catalogueBytesAfter } = done;
  return [
    `${count(removedFiles, 'weight file')} removed, ${sizeText(removedBytes)}`,
    `Catalogue: ${sizeText(catalogueBytesBefore)} before, ${sizeText(catalogueBytesAfter)} now`,
  ].join('\n');
}

/** What a restore means for the plants, for whoever has just done one. */
export const RESTORED_NOTICE = [
  'The shared model is now as old as the backup. What was merged after it is no longer in it.',
  'The plants need no care: one that exchanged since then offers an update on start weights this server does not',
  'know, takes fresh ones, and keeps all progress it has made since its last exchange.',
  'Do not let the old server run on beside this one.',
  '共有モデルはバックアップ時点の状態に戻りました。それ以降に統合した内容は含まれていません。',
  '拠点側の操作は要りません。バックアップ後にやり取りした拠点は、このサーバーにない重みを土台に更新を送ってきますが、',
  '新しい重みを受け取り直し、前回のやり取り以降に学んだ内容はすべて引き継ぎます。',
  '元のサーバーと同時に動かさないでください。',
].join('\n');

/** A number of bytes as people read it, in powers of 1000. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
