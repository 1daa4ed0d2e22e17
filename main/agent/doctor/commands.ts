import os from 'node:os';
import path from 'node:path';
import { AppError } from '@genba/shared/errors/app-error';
import type { Language } from '@genba/shared/errors/catalogue';
import { type DoctorWish, isWell } from '@genba/shared/local-api/doctor';
import { reportText } from '@genba/shared/local-api/doctor-report-text';
import { type Command, Option } from 'commander';
import { systemLanguage } from '../command-language.ts';
import { invitationText } from '../identity/invitation-source.ts';
import { askDoctor } from '../local-api/ask-agent.ts';
import { findAgent } from '../local-api/find-agent.ts';
import type { CommandHost } from '../local-api/on-agent.ts';
import { examineFolder } from './doctor.ts';

interface Choices {
  readonly data: string;
  readonly server?: string;
  readonly invitation?: string[];
  readonly json?: true;
  readonly lang: Language;
}

/** Adds the connection doctor to the program. It works while the agent runs, while it does not, and before any enrolment. */
export function addDoctorCommand(
  program: Command,
  { appVersion, defaultDataFolder, print }: CommandHost,
): void {
  program
    .command('doctor')
    .description('find out what is in the way between this PC and the aggregator; changes nothing')
    .option('--data <folder>', 'data folder of the agent', defaultDataFolder)
    .addOption(
      new Option('--server <address>', 'examine this address instead, as wss://host:port').conflicts(
        'invitation',
      ),
    )
    .option('--invitation <invitation...>', 'examine an invitation (link or file) without using it')
    .option('--json', 'print the report as JSON')
    .addOption(new Option('--lang <language>', 'language').choices(['en', 'ja']).default(systemLanguage()))
    .action(async (choices: Choices) => {
      const { server = null, invitation = null } = choices;
      const wish = { server, invitation: invitation === null ? null : invitationText(invitation.join(' ')) };
      const report = await askOrExamine(path.resolve(choices.data), wish, appVersion);
      print(choices.json ? JSON.stringify(report, null, 2) : reportText(report, choices.lang));
      if (!isWell(report)) throw new AppError('doctor/problem-found', { detail: report.conclusion.verdict });
    });
}

/** A running agent holds its database alone, so it is asked. */
async function askOrExamine(dataFolder: string, wish: DoctorWish, appVersion: string) {
  const endpoint = await findAgent(dataFolder);
  if (endpoint !== null) return askDoctor(endpoint, wish);
  return examineFolder({ dataFolder, appVersion, hostName: os.hostname(), wish });
}
