import type { Language } from '@genba/shared/errors/catalogue';
import { MAX_REJECTED_SHARE, type Rejection, type RejectionWish } from '@genba/shared/local-api/rejection';
import { rejectionSentences } from '@genba/shared/local-api/rejection-sentences';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemLanguage } from '../command-language.ts';
import { askAgent, askRejection } from '../local-api/ask-agent.ts';
import { type CommandHost, onAgent } from '../local-api/on-agent.ts';

interface Choices {
  readonly data: string;
  readonly goodClass?: string[];
  readonly json?: true;
  readonly lang: Language;
}

/** Adds the command that shows, or sets, how many good parts may be rejected. */
export function addRejectionCommand(program: Command, host: CommandHost): void {
  program
    .command('reject-good')
    .description(
      'show what the threshold does to good and bad parts, or set how many good ones may be rejected',
    )
    .argument('[share]', 'such as 1%; “off”: the likeliest class counts', readShare)
    .option('--good-class <name...>', 'classes whose parts are good (default: by their names)')
    .option('--data <folder>', 'data folder of the agent', host.defaultDataFolder)
    .option('--json', 'all there is to say, as JSON')
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async (share: number | 'off' | undefined, { data, goodClass, json, lang }: Choices) => {
      const changed = (wish: RejectionWish): RejectionWish => ({
        rejectGood: share === undefined ? wish.rejectGood : share === 'off' ? null : share,
        goodClasses: goodClass ?? wish.goodClasses,
      });
      const isChange = share !== undefined || goodClass !== undefined;
      const rejection = await onAgent(data, host, {
        running: async (endpoint) => {
          const now = await askRejection(endpoint, null);
          if (!isChange) return now;
          await askAgent(endpoint, { id: 1, command: 'set-rejection', wish: changed(now.wish) });
          return askRejection(endpoint, null);
        },
        stopped: async (agent) => {
          const now = await agent.answers.rejection(null);
          if (!isChange) return now;
          await agent.execute({ id: 1, command: 'set-rejection', wish: changed(now.wish) });
          return agent.answers.rejection(null);
        },
      });
      if (json) host.print(JSON.stringify(rejection));
      else for (const line of textOf(rejection, lang)) host.print(line);
    });
}

const WORDS = {
  en: { good: 'Good', asked: 'good parts that may be rejected', between: ', ', colon: ': ' },
  ja: { good: '良品', asked: '不良と判定してよい良品の割合', between: '、', colon: '：' },
} as const;

function textOf(rejection: Rejection, language: Language): string[] {
  const { good, asked, between, colon } = WORDS[language];
  const { goodClasses, wish } = rejection;
  return [
    ...(goodClasses === null ? [] : [`${good}${colon}${goodClasses.join(between)}`]),
    ...(wish.rejectGood === null ? [] : [`${asked}${colon}${Number((100 * wish.rejectGood).toFixed(4))}%`]),
    ...rejectionSentences(rejection, language),
  ];
}

function readShare(text: string): number | 'off' {
  if (text === 'off') return 'off';
  const percent = /^(\d+(?:\.\d+)?)\s*[%％]$/.exec(text.trim());
  const share = percent === null ? Number.NaN : Number(percent[1]) / 100;
  if (share <= MAX_REJECTED_SHARE) return share;
  throw new InvalidArgumentError(
    `a share with its sign, such as 1%, at most ${100 * MAX_REJECTED_SHARE}%; or off`,
  );
}
