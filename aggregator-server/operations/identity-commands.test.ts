import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ERROR_CATALOGUE } from '@genba/shared/errors/catalogue';
import { invitationLink, readInvitation } from '@genba/shared/identity/invitation';
import Sqlite from 'better-sqlite3';
import { pino } from 'pino';
import { decodeQR } from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES, EXIT_USAGE } from '../exit-codes.ts';
import type { AuditHead } from '../store/audit-chain.ts';
import { launch } from '../testing/command.ts';
import { startEnrolled } from '../testing/enrolled-bench.ts';
import { mergedFolder } from '../testing/merged-folder.ts';
import { auditOf } from '../testing/read-audit.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { backup } from './backup.ts';
import { restore } from './restore.ts';
import { verify } from './verify.ts';

const run = (...args: string[]) => launch(args).ended;

/** What a camera would see of a QR code drawn with half blocks: dark modules are spaces. */
function scanned(drawing: string): string {
  const scale = 4;
  const lines = drawing.split('\n').filter((line) => line !== '');
  const rows = lines.flatMap((line) => {
    const light = (upper: boolean) => [...line].map((cell) => cell === '█' || cell === (upper ? '▀' : '▄'));
    return [light(true), light(false)];
  });
  const [height, width] = [rows.length * scale, rows[0]!.length * scale];
  const data = new Uint8Array(height * width * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = rows[Math.floor(y / scale)]![Math.floor(x / scale)] ? 255 : 0;
      data.set([value, value, value, 255], (y * width + x) * 4);
    }
  return decodeQR({ height, width, data });
}

describe('genba-aggregator invite', () => {
  it('prints link and QR code and writes a file, all of one invitation', async () => {
    const server = await startEnrolled();
    const to = join(await temporaryFolder(), '招待 状.genba-invite');
    const wish = ['--plant', '仙台 第一工場', '--task', 'small', '--valid', '12h', '--to', to];
    const { exitCode, stdout } = await run('invite', '--data', server.dataFolder, ...wish);
    expect(exitCode).toBe(0);
    const link = /^genba:\/\/enrol\?\S+$/m.exec(stdout)![0];
    const invitation = readInvitation(link, new Date());
    expect(invitation).toMatchObject({ plantName: '仙台 第一工場', taskId: 'small' });
    const hoursLeft = (Date.parse(invitation.expiresAt) - Date.now()) / 3_600_000;
    expect(hoursLeft).toBeGreaterThan(11);
    expect(hoursLeft).toBeLessThanOrEqual(12);
    expect(
      scanned(
        stdout
          .split('\n')
          .filter((line) => /^[█▀▄ ]+$/.test(line))
          .join('\n'),
      ),
    ).toBe(link);
    if (process.platform !== 'win32') expect((await stat(to)).mode & 0o777).toBe(0o600);
    const shown = await run('devices', '--data', server.dataFolder);
    expect(shown.stdout).toContain('仙台 第一工場');
    // The same file again would overwrite the first invitation.
    const again = await run('invite', '--data', server.dataFolder, ...wish);
    expect(again.exitCode).toBe(EXIT_CODES['operation/target-not-writable']);
    expect(
      (await auditOf(server.dataFolder)).filter(({ event }) => event === 'invitation-made'),
    ).toHaveLength(1);
    expect(invitationLink(invitation)).toBe(link);
    expect(JSON.stringify(await auditOf(server.dataFolder))).not.toContain(invitation.code);
  });

  it('says that no server has served with enrolment yet, and which tasks there are', async () => {
    const data = await mergedFolder();
    const never = await run('invite', '--data', data, '--plant', 'x', '--task', 'small');
    expect(never.exitCode).toBe(EXIT_CODES['operation/never-served']);
    expect(never.stderr).toContain(ERROR_CATALOGUE['operation/never-served'].ja);
    const other = await run('invite', '--data', data, '--plant', 'x', '--task', 'other');
    expect(other.exitCode).toBe(EXIT_CODES['operation/unknown-task']);
  });

  it.each([
    [['invite', '--plant', 'x', '--task', 'y', '--valid', '0d']],
    [['invite', '--plant', 'x', '--task', 'y', '--valid', '366d']],
    [['invite', '--plant', 'x', '--task', 'y', '--valid', 'soon']],
    [['invite', '--plant', 'x'.repeat(101), '--task', 'y']],
    [['revoke']],
    [['revoke', '--client', 'x', '--key', 'y']],
    [['audit', '--last', '0']],
    [['serve', '--port', '0', '--task', 'x', '--address', 'https://a:1']],
    [['serve', '--port', '0', '--task', 'x', '--tls-cert', 'x']],
    [['serve', '--port', '0', '--task', 'x', '--open-loopback', '--address', 'wss://a:1']],
  ])('is no command line: %j', async (args) => {
    expect((await run(...args, '--data', await temporaryFolder())).exitCode).toBe(2);
  });
});

describe('genba-aggregator serve', () => {
  it('names what is wrong with a certificate', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, '証明書.pem');
    await writeFile(file, 'no certificate');
    const task = join(import.meta.dirname, '..', 'tasks', 'mnist.json');
    const tls = ['--tls-cert', file, '--tls-key', file];
    const ended = await run('--data', join(folder, 'data'), '--port', '0', '--task', task, ...tls);
    expect(ended.exitCode).toBe(EXIT_CODES['startup/tls-unreadable']);
    expect(ended.stderr).toContain('証明書.pem');
  });
});

describe('genba-aggregator audit', () => {
  it('shows the record as a table and as lines of JSON', async () => {
    const server = await startEnrolled();
    await server.enrolled('仙台');
    const table = await run('audit', '--data', server.dataFolder);
    expect(table.stdout).toMatch(/│ 3 │ .* │ enrolled +│ device/);
    const lines = await run('audit', '--data', server.dataFolder, '--format', 'jsonl', '--last', '2');
    const rows = lines.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ sequence, event }) => [sequence, event])).toEqual([
      [2, 'invitation-made'],
      [3, 'enrolled'],
    ]);
    expect(rows[1].detail).toMatchObject({ plantName: '仙台' });
  });
});

describe('an audit record', () => {
  it('that somebody changed by force is damage', async () => {
    const server = await startEnrolled();
    await server.enrolled();
    await server.close();
    const { dataFolder } = server;
    expect((await verify({ dataFolder })).problems).toEqual([]);
    const database = new Sqlite(join(dataFolder, 'catalogue.sqlite'));
    database.exec("DROP TRIGGER audit_is_not_changed; UPDATE audit SET actor = 'x' WHERE sequence = 2");
    database.close();
    expect((await verify({ dataFolder })).problems).toEqual(['catalogue: audit row 2 was changed']);
  });

  it('whose end was cut off is damage by itself, also when all of it is gone', async () => {
    const server = await startEnrolled();
    await server.enrolled();
    await server.close();
    const { dataFolder } = server;
    expect((await verify({ dataFolder })).problems).toEqual([]);
    for (const rows of [2, 0]) {
      cutAudit(dataFolder, rows);
      expect((await verify({ dataFolder })).problems).toEqual([
        `catalogue: the audit record ends with row ${rows}, but had 3 when that was written down`,
      ]);
    }
  });

  it('whose end was cut off is damage for whoever has written down an earlier end, or has a backup', async () => {
    const lines: string[] = [];
    const server = await startEnrolled({
      log: pino({ base: null }, { write: (line) => void lines.push(line) }),
    });
    await server.enrolled();
    const { dataFolder } = server;
    const older = join(await temporaryFolder(), '控え');
    await backup({ dataFolder, to: older });
    await server.enrolled();
    await server.close();
    const head = (await run('audit', '--data', dataFolder, '--head')).stdout.trim();
    expect(head).toMatch(/^5:[0-9a-f]{64}$/);
    // As the log says at the start and at the stop, for whoever collects it.
    const inLog = lines.map((line) => JSON.parse(line).auditHead).filter((text) => text !== undefined);
    expect(inLog).toEqual([expect.stringMatching(/^1:[0-9a-f]{64}$/), head]);
    const check = (...options: string[]) => run('verify', '--data', dataFolder, ...options);
    const heads = ['--audit-head', head, '--older-backup', older];
    expect(await check(...heads)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`head ${head}`),
    });

    cutAuditKnowingly(dataFolder, 4);
    // The chain alone sees nothing; what is still contained is no damage either.
    expect(await check('--older-backup', older)).toMatchObject({ exitCode: 0 });
    const cut = await check('--audit-head', head);
    expect(cut.exitCode).toBe(EXIT_CODES['store/damaged']);
    expect(cut.stdout).toContain('ends with row 4, but had 5');
    cutAuditKnowingly(dataFolder, 2);
    expect((await check('--older-backup', older)).stdout).toContain('ends with row 2, but had 3');
    // Made anew up to the same length, it is another record.
    const other = `2:${'0'.repeat(64)}`;
    expect((await check('--audit-head', other)).stdout).toContain(
      'row 2 is not the one that was written down',
    );
    expect((await check('--audit-head', '2:abc')).exitCode).toBe(EXIT_USAGE);
  });

  it('that was cut off in a backup is not restored', async () => {
    const server = await startEnrolled();
    await server.enrolled();
    const folder = await temporaryFolder();
    const kept = join(folder, 'kept');
    const { auditHead } = await backup({ dataFolder: server.dataFolder, to: kept });
    await server.enrolled();
    const { auditHead: later } = await backup({ dataFolder: server.dataFolder, to: join(folder, 'later') });
    const into = (name: string, auditHeads: AuditHead[]) =>
      restore({ from: kept, dataFolder: join(folder, name), auditHeads });
    await into('sound', [auditHead!]);
    await expect(into('too old', [later!])).rejects.toMatchObject({ code: 'store/damaged' });
    cutAuditKnowingly(kept, 2);
    await expect(into('cut', [])).rejects.toMatchObject({ code: 'store/damaged' });
    await writeFile(join(kept, 'audit-head.txt'), 'nothing');
    await expect(into('unread', [])).rejects.toMatchObject({
      code: 'store/damaged',
      detail: expect.stringContaining('audit-head.txt'),
    });
  });
});

describe('a backup', () => {
  it('holds devices and authority: after a restore the plants come back by themselves', async () => {
    const server = await startEnrolled();
    const device = await server.enrolled();
    const [kept, restored] = [join(await temporaryFolder(), '控え'), join(await temporaryFolder(), 'data')];
    await backup({ dataFolder: server.dataFolder, to: kept });
    await server.close();
    await restore({ from: kept, dataFolder: restored });
    const again = await startEnrolled({ dataFolder: restored });
    expect(again.ca).toBe(server.ca);
    await device.join({ address: again.address, ca: server.ca });
  });
});

/** Removes all rows after some, as somebody with the right to write could. */
function cutAudit(folder: string, rows: number): void {
  const database = new Sqlite(join(folder, 'catalogue.sqlite'));
  const trigger = database
    .prepare("SELECT sql FROM sqlite_schema WHERE name = 'audit_is_not_deleted'")
    .pluck();
  const sql = trigger.get() as string;
  database.exec(`DROP TRIGGER audit_is_not_deleted; DELETE FROM audit WHERE sequence > ${rows}; ${sql}`);
  database.close();
}

/** The same, and has the catalogue say that the record has always ended there. */
function cutAuditKnowingly(folder: string, rows: number): void {
  cutAudit(folder, rows);
  const database = new Sqlite(join(folder, 'catalogue.sqlite'));
  database.exec(
    'INSERT OR REPLACE INTO audit_end SELECT 1, sequence, digest FROM audit ORDER BY sequence DESC LIMIT 1',
  );
  database.close();
}
