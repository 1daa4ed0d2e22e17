import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AuditRow, auditHeadText } from '../store/audit-chain.ts';
import { CatalogueReader } from './catalogue-reader.ts';
import { listGuests, type RevocationWish, revoke } from './devices.ts';
import {
  auditLine,
  auditTable,
  guestsReport,
  invitationReport,
  revocationReport,
} from './identity-reports.ts';
import { invite } from './invite.ts';

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Longest life of an invitation, milliseconds. */
const MAX_VALID_MS = 365 * UNIT_MS.d;

/** Longest name of a plant, as in the protocol. */
const MAX_PLANT_NAME_LENGTH = 100;

interface InviteChoices {
  readonly data: string;
  readonly plant: string;
  readonly task: string;
  readonly valid: number;
  readonly to?: string;
}

interface AuditChoices {
  readonly data: string;
  readonly format: 'table' | 'jsonl';
  readonly last?: number;
  readonly head?: boolean;
}

/** Adds the commands about who may connect; all work beside a running server. */
export function addIdentityCommands(program: Command, print: (text: string) => void): void {
  const data = ['--data <folder>', 'data folder of the aggregator'] as const;

  program
    .command('invite')
    .description('invite one device of a plant to a task: prints a link and a QR code')
    .requiredOption(...data)
    .requiredOption('--plant <name>', 'name the plant will have', readPlantName)
    .requiredOption('--task <id>', 'id of the task')
    .option(
      '--valid <time>',
      'how long it is good: minutes, hours or days, like 30m, 12h, 7d',
      readTime,
      7 * UNIT_MS.d,
    )
    .option('--to <file>', 'also write it into this new file, such as NAME.genba-invite')
    .action(async ({ data: dataFolder, plant: plantName, task: taskId, valid, to }: InviteChoices) => {
      print(invitationReport(await invite({ dataFolder, plantName, taskId, validMs: valid, to })));
      if (to !== undefined) print(`Written: ${to}`);
    });

  program
    .command('devices')
    .description('list the devices that have enrolled, and the open invitations')
    .requiredOption(...data)
    .action(async ({ data: dataFolder }: { data: string }) => {
      print(guestsReport(await listGuests(dataFolder)));
    });

  program
    .command('revoke')
    .description('lock a device out for good, or end an invitation; a running server cuts the connection')
    .requiredOption(...data)
    .addOption(new Option('--client <uuid>', 'every device of this client').conflicts(['key', 'invitation']))
    .addOption(
      new Option('--key <id>', 'the device with this key; the first 8 characters do').conflicts([
        'invitation',
      ]),
    )
    .option('--invitation <id>', 'the open invitation with this id, as devices lists it')
    .action(async ({ data: dataFolder, ...wish }: { data: string } & RevocationWish, command: Command) => {
      if (Object.keys(wish).length === 0) command.error('error: give --client, --key or --invitation');
      print(revocationReport(await revoke(dataFolder, wish)));
    });

  program
    .command('audit')
    .description('show what happened around devices and invitations; verify checks that nobody changed it')
    .requiredOption(...data)
    .addOption(new Option('--format <name>', 'form').choices(['table', 'jsonl']).default('table'))
    .option('--last <number>', 'only the newest ones', readCount)
    .option('--head', 'only where the record ends, ROWS:DIGEST: to be written down elsewhere, for verify')
    .action(async ({ data: dataFolder, format, last, head }: AuditChoices) => {
      const reader = await CatalogueReader.open(dataFolder);
      try {
        if (head === true) return print(auditHeadText(reader.auditHead()));
        const rows = newest(reader.audit(), last);
        if (format === 'table') print(auditTable([...rows]));
        else for (const row of rows) print(auditLine(row));
      } finally {
        reader.close();
      }
    });
}

/** The last ones, keeping no more than those. */
function newest(rows: Iterable<AuditRow>, count: number | undefined): Iterable<AuditRow> {
  if (count === undefined) return rows;
  const kept: AuditRow[] = [];
  for (const row of rows) {
    kept.push(row);
    if (kept.length > count) kept.shift();
  }
  return kept;
}

function readTime(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const timeMs = Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (!(timeMs > 0 && timeMs <= MAX_VALID_MS)) {
    throw new InvalidArgumentError('It must be a time like 30m, 12h or 7d, up to 365d.');
  }
  return timeMs;
}

function readPlantName(text: string): string {
  if (text.length === 0 || text.length > MAX_PLANT_NAME_LENGTH) {
    throw new InvalidArgumentError(`It must have 1 to ${MAX_PLANT_NAME_LENGTH} characters.`);
  }
  return text;
}

function readCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count === 0) {
    throw new InvalidArgumentError('It must be a whole number from 1.');
  }
  return count;
}
