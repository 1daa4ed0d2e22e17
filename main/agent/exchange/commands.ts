import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import type { ExchangeResult, ExportedFile, ImportedReply } from '@genba/shared/local-api/exchange';
import type { Command } from 'commander';
import { invitationText } from '../identity/invitation-source.ts';
import { askAgent } from '../local-api/ask-agent.ts';
import type { AgentCommand } from '../local-api/local-api-server.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';

/** A sentence for people, in both languages. */
type Sentence = readonly [en: string, ja: string];

interface Choices {
  readonly data: string;
  readonly json?: boolean;
}

interface RequestChoices extends Choices {
  readonly to: string;
}

/**
 * Adds what exchanges files with the aggregator, for a PC without a network. Each works while the agent runs and while it
 * does not.
 */
export function addExchangeCommands(program: Command, host: CommandHost): void {
  const data = ['--data <folder>', 'data folder of the agent', host.defaultDataFolder] as const;
  const json = ['--json', 'print one JSON object instead of sentences'] as const;
  const carryOut = async ({ data: folder, json: isJson = false }: Choices, command: AgentCommand) => {
    const result = await onAgent(folder, host, {
      running: (endpoint) => askAgent(endpoint, command),
      stopped: (agent) => agent.execute(command),
    });
    if (result === null) throw new AppError('internal/bug', { detail: `${command.command} gave no result` });
    const lines = isJson ? [JSON.stringify(result)] : sentencesOf(result).flat();
    for (const line of lines) host.print(line);
  };

  program
    .command('request-enrolment')
    .description('without a network: write a file that asks the aggregator to enrol this PC')
    .argument('<invitation...>', 'link (genba://enrol?…) or path of the .genba-invite file')
    .requiredOption('--to <path>', 'folder, such as that of a USB stick, or new file')
    .option(...data)
    .option(...json)
    .action((words: string[], choices: RequestChoices) =>
      carryOut(choices, {
        id: 1,
        command: 'request-enrolment',
        invitation: invitationText(words.join(' ')),
        target: path.resolve(choices.to),
      }),
    );

  program
    .command('export-updates')
    .description('without a network: write what this PC has learnt into a file for the aggregator')
    .argument('<path...>', 'folder, such as that of a USB stick, or new file')
    .option(...data)
    .option(...json)
    .action((words: string[], choices: Choices) =>
      carryOut(choices, { id: 1, command: 'export-updates', target: path.resolve(words.join(' ')) }),
    );

  program
    .command('import-reply')
    .description('without a network: take a reply file (.genba-reply) of the aggregator in')
    .argument('<path...>', 'the file')
    .option(...data)
    .option(...json)
    .action((words: string[], choices: Choices) =>
      carryOut(choices, { id: 1, command: 'import-reply', path: path.resolve(words.join(' ')) }),
    );
}

function sentencesOf(result: ExchangeResult): Sentence[] {
  return result.kind === 'exported' ? exportSentences(result) : importSentences(result);
}

function exportSentences({ path: file, sizeBytes, rounds, updateId, asksToEnrol }: ExportedFile): Sentence[] {
  const written: Sentence = [
    `Written: ${file} (${sizeBytes} bytes)`,
    `書き出しました: ${file}（${sizeBytes}バイト）`,
  ];
  const content: Sentence = asksToEnrol
    ? [
        'It asks the aggregator to enrol this PC. Import it there, and bring the reply back.',
        'このパソコンの登録を依頼するファイルです。集約サーバーで取り込み、返信ファイルを持ち帰ってください。',
      ]
    : updateId === null
      ? [
          'It asks the aggregator for weights to go on from. Import it there, and bring the reply back.',
          '学習を続けるための重みを依頼するファイルです。集約サーバーで取り込み、返信ファイルを持ち帰ってください。',
        ]
      : [
          `It carries what ${rounds} rounds have learnt. Import it at the aggregator; training goes on meanwhile.`,
          `学習${rounds}回分の結果が入っています。集約サーバーで取り込んでください。その間も学習は続きます。`,
        ];
  return [
    written,
    content,
    [
      'Eject the stick before you pull it out. If it gets lost, write the file again.',
      'USBメモリーは、取り外しの操作をしてから抜いてください。紛失したときは、もう一度書き出せます。',
    ],
  ];
}

function importSentences(reply: ImportedReply): Sentence[] {
  const { isNew, hasEnrolled, plantName, taskId, installedVersion, heldReason, refusal, hasReceipt } = reply;
  const sentences: Sentence[] = [];
  if (hasEnrolled) {
    sentences.push([
      `This PC is enrolled as ${plantName} for the task ${taskId}.`,
      `このパソコンを「${plantName}」として、タスク ${taskId} に登録しました。`,
    ]);
  }
  if (installedVersion !== null) {
    sentences.push([
      `Weights of global version ${installedVersion} are installed.`,
      `全体バージョン${installedVersion}の重みを取り込みました。`,
    ]);
  }
  if (refusal !== null) {
    const { en, ja } = ERROR_CATALOGUE[refusal];
    sentences.push([en, ja]);
  }
  if (heldReason !== null) {
    sentences.push([
      'The update waits for a check by the operator of the aggregator. Training goes on.',
      '更新は集約サーバーの管理者の確認を待っています。学習は続きます。',
    ]);
  } else if (hasReceipt && installedVersion === null && isNew) {
    sentences.push([
      'The aggregator has the update. The weights come with a later reply.',
      '集約サーバーは更新を受け取りました。重みは次の返信ファイルで届きます。',
    ]);
  }
  if (!isNew) {
    sentences.push([
      'This reply was taken in before; nothing is changed.',
      'この返信は取り込み済みです。変更はありません。',
    ]);
  }
  return sentences;
}
