import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractFile, listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findAgent } from '../main/agent/local-api/find-agent.ts';
import { stopAgent } from '../main/agent/local-api/take-over.ts';
import { PACKAGE_FOLDER, PACKAGED_PROGRAM } from '../tools/packaged-app.ts';
import { describeIfAvailable } from '../tools/requirements.ts';
import { readStatus } from './agent-window.ts';
import { shellStart } from './electron-window.ts';
import { type Display, openDisplay } from './virtual-display.ts';

/** States of a fuse in a program: the package has them, but lets nobody import them. */
const DISABLED = '0'.charCodeAt(0);
const ENABLED = '1'.charCodeAt(0);
const START_DEADLINE_MS = 60_000;

describeIfAvailable('package', 'the package', () => {
  describe('what it consists of', () => {
    it('has every fuse set that keeps others from using it as a tool', async () => {
      const fuses = await getCurrentFuseWire(PACKAGED_PROGRAM);
      expect(fuses).toMatchObject({
        [FuseV1Options.RunAsNode]: DISABLED,
        [FuseV1Options.EnableCookieEncryption]: ENABLED,
        [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: DISABLED,
        [FuseV1Options.EnableNodeCliInspectArguments]: DISABLED,
        [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: ENABLED,
        [FuseV1Options.OnlyLoadAppFromAsar]: ENABLED,
        [FuseV1Options.GrantFileProtocolExtraPrivileges]: DISABLED,
      });
    });

    it('holds shell and pages in its archive, and neither sources nor packages', () => {
      const archive = join(PACKAGE_FOLDER, 'resources', 'app.asar');
      const files = listPackage(archive, { isPack: false });
      expect(files).toContain('/main/desktop/dist/main.cjs');
      expect(files).toContain('/main/desktop/dist/preload.cjs');
      expect(files).toContain('/renderer/dist/desktop/index.html');
      expect(files.filter((file) => /\.tsx?$|node_modules|\.map$/.test(file))).toEqual([]);
      const manifest = JSON.parse(extractFile(archive, 'package.json').toString()) as { main: string };
      expect(manifest.main).toBe('main/desktop/dist/main.cjs');
    });
  });

  describe('installed in a folder with spaces and Japanese, away from the project', () => {
    let display: Display;
    let folder: string;
    let dataFolder: string;
    let shell: ChildProcess;

    beforeAll(async () => {
      display = await openDisplay();
      folder = mkdtempSync(join(tmpdir(), 'genba 導入 '));
      dataFolder = join(folder, 'データ 1');
      cpSync(PACKAGE_FOLDER, join(folder, 'Genba 工場'), { recursive: true, verbatimSymlinks: true });
      const { args, env } = shellStart(dataFolder, display, []);
      // Home and settings of its own: a first start writes into both.
      shell = spawn(join(folder, 'Genba 工場', 'genba'), [...args], {
        env: { ...env, HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), XDG_DATA_HOME: folder },
        stdio: 'ignore',
      });
    }, START_DEADLINE_MS);

    afterAll(async () => {
      shell?.kill();
      await stopAgent({ dataFolder, waitMs: 20_000 });
      display?.close();
      rmSync(folder, { recursive: true, force: true });
    }, START_DEADLINE_MS);

    it(
      'starts the agent that it brings, on the Node that it brings',
      async () => {
        const agent = await vi.waitFor(
          async () => {
            const found = await findAgent(dataFolder);
            expect(found, logOf(dataFolder)).not.toBeNull();
            return found!;
          },
          { timeout: START_DEADLINE_MS / 2, interval: 200 },
        );
        expect(await readlink(`/proc/${agent.pid}/exe`)).toBe(
          join(folder, 'Genba 工場', 'resources', 'node'),
        );
        expect(await readStatus(dataFolder)).toMatchObject({ phase: 'unconfigured' });
        expect((await fetch(agent.address)).status).toBe(200);
      },
      START_DEADLINE_MS,
    );

    it('will start with the PC, hidden, until somebody says otherwise', async () => {
      const file = join(folder, 'config', 'autostart', 'genba.desktop');
      await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toContain('"--hidden"'));
      expect(readFileSync(file, 'utf8')).toContain(`Exec="${join(folder, 'Genba 工場', 'genba')}"`);
    });

    it(
      'leaves the agent at work when it is closed',
      async () => {
        const agent = await findAgent(dataFolder);
        const ended = once(shell, 'exit');
        shell.kill();
        await ended;
        expect((await findAgent(dataFolder))?.pid).toBe(agent!.pid);
      },
      START_DEADLINE_MS,
    );
  });
});

function logOf(dataFolder: string): string {
  try {
    return readFileSync(join(dataFolder, 'agent.log'), 'utf8');
  } catch {
    return 'no log';
  }
}
