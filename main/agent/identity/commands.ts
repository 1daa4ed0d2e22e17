import { AppError } from '@genba/shared/errors/app-error';
import type { AgentStatus } from '@genba/shared/local-api/messages';
import type { Command } from 'commander';
import { askAgent, readAgentStatus } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';
import { addNetworkOptions, type NetworkChoices, networkSettings } from '../network/network-options.ts';
import type { EnrolStep } from './enrol.ts';
import { invitationText } from './invitation-source.ts';

/** A sentence for people, in both languages. */
type Sentence = readonly [en: string, ja: string];

interface Choices {
  readonly data: string;
}

const ENROLLED: Sentence = ['This PC is enrolled.', 'このパソコンの登録が終わりました。'];
const BY_RUNNING_AGENT: Sentence = [
  'The agent is running and does it by itself.',
  '動作中のエージェントが処理します。',
];
const KEY_MADE: Sentence = [
  'A new key is made. It takes over at the next contact with the aggregator.',
  '新しい鍵を作りました。次に集約サーバーと通信したときに切り替わります。',
];

/** Adds what concerns this PC's identity to the program. Each works while the agent runs and while it does not. */
export function addIdentityCommands(program: Command, host: CommandHost): void {
  const { print } = host;
  const tell = (sentence: Sentence) => {
    for (const line of sentence) print(line);
  };
  const data = ['--data <folder>', 'data folder of the agent', host.defaultDataFolder] as const;

  const enrolCommand = program
    .command('enrol')
    .description('enrol this PC with an invitation: its link in quotation marks, or its file')
    .argument('<invitation...>', 'link (genba://enrol?…) or path of the .genba-invite file')
    .option(...data);
  addNetworkOptions(enrolCommand).action(
    async (words: string[], { data: folder, ...way }: Choices & NetworkChoices) => {
      // A path with spaces comes as several words where nobody quoted it.
      const invitation = invitationText(words.join(' '));
      const onStep = (step: EnrolStep) => tell(stepSentence(step));
      await onAgent(folder, host, {
        network: networkSettings(way),
        running: async (endpoint) => {
          // It goes its own way and would not hear of another.
          if (Object.keys(way).length > 0) throw new AppError('startup/already-running');
          tell(BY_RUNNING_AGENT);
          await askAgent(endpoint, { id: 1, command: 'enrol', invitation });
        },
        stopped: (agent) => agent.enrol(invitation, onStep),
      });
      tell(ENROLLED);
    },
  );

  program
    .command('rotate-key')
    .description('replace the key of this PC by a new one')
    .option(...data)
    .action(async ({ data: folder }: Choices) => {
      const command = { id: 1, command: 'rotate-key' } as const;
      await onAgent(folder, host, {
        running: (endpoint) => askAgent(endpoint, command),
        stopped: (agent) => agent.execute(command),
      });
      tell(KEY_MADE);
    });

  program
    .command('identity')
    .description('show what this PC has enrolled with, and its key')
    .option(...data)
    .action(async ({ data: folder }: Choices) => {
      const status = await onAgent(folder, host, {
        running: (endpoint) => readAgentStatus(endpoint),
        stopped: (agent) => Promise.resolve(agent.status()),
      });
      if (status.identity === null) throw new AppError('identity/not-enrolled');
      print(identityTable(status.identity));
    });
}

function stepSentence(step: EnrolStep): Sentence {
  switch (step.step) {
    case 'invited':
      return [
        `Enrolling this PC as ${step.plantName} for the task ${step.taskId}.`,
        `このパソコンを「${step.plantName}」として、タスク ${step.taskId} に登録します。`,
      ];
    case 'connecting':
      return [`Connecting to ${step.server}`, `${step.server} に接続しています。`];
    case 'recognised':
      return [
        'The aggregator shows the certificate of the invitation.',
        '招待どおりの証明書を確認しました。',
      ];
    case 'done-before':
      return [
        'This invitation was used on this PC before; nothing is changed.',
        'この招待は、このパソコンで登録済みです。変更はありません。',
      ];
  }
}

function identityTable(identity: NonNullable<AgentStatus['identity']>): string {
  const { plantName, taskId, servers, certificate, enrolledAt, keyId, keyCreatedAt, nextKeyId } = identity;
  const rows: [Sentence, string][] = [
    [['Plant', '拠点'], plantName],
    [['Task', 'タスク'], taskId],
    ...servers.map((server): [Sentence, string] => [['Aggregator', '集約サーバー'], server]),
    [['Trusted certificate (sha256)', '信頼する証明書'], certificate],
    [['Enrolled', '登録日時'], enrolledAt],
    [['Key', '鍵'], keyId],
    [['Key made', '鍵の作成日時'], keyCreatedAt],
    ...(nextKeyId === null ? [] : [[['Next key', '次の鍵'], nextKeyId] as [Sentence, string]]),
  ];
  return rows.map(([label, value]) => `${label.join(' / ')}: ${value}`).join('\n');
}
