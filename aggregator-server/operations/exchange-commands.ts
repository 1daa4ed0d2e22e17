import { toAppError } from '@genba/shared/errors/app-error';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { type Command, Option } from 'commander';
import type { ImportedFile } from '../store/operator-table.ts';
import type { CommandHost } from './command-host.ts';
import { exportReplies, type WrittenReply } from './export-replies.ts';
import { importFile } from './import-file.ts';
import { waitingFor } from './waiting.ts';

interface Choices {
  readonly data: string;
  readonly json?: boolean;
}

interface ImportChoices extends Choices, CertificateChoices {
  readonly replies?: string;
}

interface CertificateChoices {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

interface ExportChoices extends Choices, CertificateChoices {
  readonly plant?: string;
  readonly device?: string;
  readonly all?: boolean;
  readonly task?: string;
}

/** Adds the commands for devices without a network: files in, files out, while the server runs or not. */
export function addExchange(program: Command, host: CommandHost): void {
  const { print } = host;
  const data = ['--data <folder>', 'data folder of the aggregator'] as const;
  const json = ['--json', 'print one JSON object per line instead of sentences'] as const;
  const tlsCert = [
    '--tls-cert <file>',
    'your certificate, where the server runs with one; needs --tls-key',
  ] as const;
  const tlsKey = ['--tls-key <file>', 'its private key'] as const;

  program
    .command('import')
    .description('take in files of devices without a network (.genba-request, .genba-update)')
    .argument('<files...>', 'the files')
    .requiredOption(...data)
    .option(
      '--replies <path>',
      'also write the replies: a folder, such as that of the USB stick, or a new file',
    )
    .option(...tlsCert)
    .option(...tlsKey)
    .option(...json)
    .action(async (files: string[], choices: ImportChoices, command: Command) => {
      const { data: dataFolder, json: isJson, replies } = choices;
      const certificate = certificateOf(choices, command);
      let firstProblem: unknown = null;
      for (const path of files) {
        try {
          const taken = await importFile({ dataFolder, path, ...waitingFor(host) });
          const lines = isJson ? [JSON.stringify({ file: path, ...taken })] : importReport(path, taken);
          for (const line of lines) print(line);
          if (replies === undefined) continue;
          const { clientId: device, taskId: task } = taken;
          const written = exportReplies({ dataFolder, device, task, target: replies, certificate });
          tellWritten(await written.catch(unlessNothing), isJson);
        } catch (thrown) {
          // The others are not to wait for this one.
          firstProblem ??= thrown;
          if (files.length > 1) host.tell(`${path}: ${toAppError(thrown).message}`);
        }
      }
      if (firstProblem !== null) throw firstProblem;
    });

  program
    .command('export-replies')
    .description('write what devices without a network are to be answered into files (.genba-reply)')
    .argument('<path>', 'folder, such as that of a USB stick, or new file')
    .requiredOption(...data)
    .addOption(new Option('--plant <name>', 'the devices of this plant').conflicts(['device', 'all']))
    .addOption(
      new Option('--device <id>', 'the device with this client or key; the first 8 characters do').conflicts([
        'all',
      ]),
    )
    .option('--all', 'every device that has something to be told')
    .option('--task <id>', 'of this task only')
    .option(...tlsCert)
    .option(...tlsKey)
    .option(...json)
    .action(async (target: string, choices: ExportChoices, command: Command) => {
      const { data: dataFolder, plant, device, all, task, json: isJson } = choices;
      if (plant === undefined && device === undefined && all !== true) {
        command.error('error: give --plant, --device or --all');
      }
      const certificate = certificateOf(choices, command);
      tellWritten(await exportReplies({ dataFolder, plant, device, task, target, certificate }), isJson);
    });

  function tellWritten(written: readonly WrittenReply[], isJson = false): void {
    for (const reply of written) {
      for (const line of isJson ? [JSON.stringify(reply)] : replyReport(reply)) print(line);
    }
  }
}

/** Nothing to answer is no failure of an import. */
function unlessNothing(thrown: unknown): WrittenReply[] {
  if (toAppError(thrown).code === 'exchange/nothing-to-answer') return [];
  throw thrown;
}

function certificateOf({ tlsCert, tlsKey }: CertificateChoices, command: Command) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    return command.error('error: --tls-cert and --tls-key belong together');
  }
  return { certificatePath: tlsCert, keyPath: tlsKey };
}

function importReport(path: string, taken: ImportedFile): string[] {
  const { plantName, clientId, hasEnrolled, updateId, updateState, refusal, isKnown } = taken;
  const of = `${plantName} (client ${clientId})`;
  const lines = [`${path}: of ${of}`];
  if (hasEnrolled)
    lines.push(
      'The device is enrolled. Write its reply with export-replies.',
      '端末を登録しました。export-replies で返信ファイルを作成してください。',
    );
  if (refusal !== null)
    lines.push(`Update ${updateId} is refused: ${ERROR_CATALOGUE[refusal].en}`, ERROR_CATALOGUE[refusal].ja);
  switch (updateState) {
    case 'applied':
      lines.push(
        `Update ${updateId} ${isKnown ? 'was taken in before' : 'is merged'}.`,
        isKnown ? '更新は取り込み済みです。' : '更新を統合しました。',
      );
      break;
    case 'received':
      lines.push(
        `Update ${updateId} is received; it is merged in its turn. Write the reply after that.`,
        '更新を受け取りました。順番が来ると統合されます。返信ファイルはその後に作成してください。',
      );
      break;
    case 'quarantined':
      lines.push(
        `Update ${updateId} is in quarantine: decide with quarantine release or drop.`,
        '更新は隔離されています。quarantine release または drop で判断してください。',
      );
      break;
    case 'refused':
      lines.push(`Update ${updateId} was set aside.`, '更新は使われませんでした。');
      break;
    case null:
      break;
  }
  return lines;
}

function replyReport({
  path,
  sizeBytes,
  plantName,
  hasReceipt,
  isHeld,
  refusal,
  version,
}: WrittenReply): string[] {
  const content = [
    version === null ? null : `weights of version ${version}`,
    isHeld ? 'word that the update is in quarantine' : hasReceipt ? 'a receipt' : null,
    refusal === null ? null : `a refusal (${refusal})`,
  ].filter((part) => part !== null);
  return [
    `Written for ${plantName}: ${path} (${sizeBytes} bytes), with ${content.join(', ')}`,
    `「${plantName}」への返信を書き出しました。拠点のパソコンで genba-agent import-reply を実行してください。`,
  ];
}
