import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getConfig, validateConfiguration } from 'app-builder-lib/out/util/config/config.js';
import { DebugLogger } from 'builder-util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

/** What electron-builder takes out of electron-builder.yml, with changes; refused where its own schema does. */
async function checked(change: object = {}) {
  const config = await getConfig(root, 'electron-builder.yml', change);
  await validateConfiguration(config, new DebugLogger(false));
  return config;
}

describe('electron-builder.yml', () => {
  it('is what electron-builder’s schema knows, down to the single option', async () => {
    await checked();
    await expect(checked({ nsis: { perMaschine: true } })).rejects.toThrow(/configuration\.nsis/);
  });

  it('lets a person choose for whom it installs, and IT say so', async () => {
    const { nsis } = await checked();
    expect(nsis).toMatchObject({
      oneClick: false,
      perMachine: false,
      selectPerMachineByDefault: false,
      allowElevation: true,
    });
  });

  it('keeps what a plant has learnt when the program goes', async () => {
    const { nsis } = await checked();
    expect(nsis?.deleteAppDataOnUninstall).toBe(false);
    expect(read('tools', 'nsis', 'installer.nsh')).not.toMatch(/^\s*(RMDir|Delete)\b/m);
  });

  it('speaks Japanese and English', async () => {
    const { nsis, electronLanguages } = await checked();
    expect(nsis?.installerLanguages).toEqual(['en_US', 'ja_JP']);
    expect(electronLanguages).toEqual(['ja', 'en-US']);
  });

  it('opens links and files of the program, and is called the same by the desktop and by Electron', async () => {
    const { protocols, fileAssociations, linux } = await checked();
    expect(protocols).toMatchObject([{ schemes: ['genba'] }]);
    expect(fileAssociations).toMatchObject([{ ext: 'genba-invite', mimeType: 'application/x-genba-invite' }]);
    const { desktopName } = JSON.parse(read('package.json')) as { desktopName: string };
    expect(linux).toMatchObject({ syncDesktopName: true });
    expect(desktopName).toBe(`${linux?.executableName}.desktop`);
  });
});

describe('the Windows installer’s own part', () => {
  const script = read('tools', 'nsis', 'installer.nsh');
  const defined = (name: string) => new RegExp(`^!define ${name} "(.*)"$`, 'm').exec(script)?.[1];

  it('is included', async () => {
    expect((await checked()).nsis?.include).toBe('tools/nsis/installer.nsh');
  });

  it('finds agents where they keep their data, and stops them as their program does', async () => {
    const { defaultDataFolder } = await import('../main/agent/data-folder.ts');
    const { LOCAL_API_ENDPOINT_FILE } = await import('@genba/shared/local-api/messages');
    const home = String.raw`C:\Users\工場 太郎`;
    expect(`${home}\\${defined('AGENT_DATA')}`).toBe(defaultDataFolder('win32', {}, home));
    expect(defined('AGENT_ENDPOINT')).toBe(LOCAL_API_ENDPOINT_FILE);
    expect(script).toContain('stop --force --wait 45 --data');
  });

  it('takes away what the program writes by its own names', async () => {
    const { APP_ID } = await import('../main/desktop/app-id.ts');
    const { PAGE_SCHEME } = await import('../main/desktop/page-address.ts');
    expect((await checked()).appId).toBe(APP_ID);
    expect(defined('LINK_SCHEME')).toBe(PAGE_SCHEME);
    const { fileAssociations } = await checked();
    expect(fileAssociations).toMatchObject([{ ext: defined('INVITATION_EXTENSION') }]);
  });
});

it('takes NSIS and an AppImage runtime that are safe where the system’s account installs', async () => {
  expect((await checked()).toolsets).toEqual({ appimage: '1.0.3', nsis: '1.2.1' });
});

describe('the Debian package', () => {
  it('ends what runs before it goes: the window first, which would start another agent', () => {
    const script = read('tools', 'deb', 'before-remove.sh');
    expect(script).toContain('for file in genba resources/node; do');
  });

  it('notes what ran before an update where the newer version looks for it', () => {
    const [older, newer] = ['before-remove.sh', 'after-upgrade.sh'].map((name) => read('tools', 'deb', name));
    const place = /^restart=(\/run\/\S+)$/m;
    expect(place.exec(older!)?.[1]).toBe(place.exec(newer!)?.[1]);
    expect(older).toContain('[ "$1" != upgrade ] || remember\n');
    // electron-builder takes ${names} of its scripts for its own.
    expect(newer).not.toMatch(/\$\{[a-zA-Z]+\}/);
  });

  it('is told to electron-builder’s makers of packages', async () => {
    const { deb, productName } = await checked();
    expect(deb?.fpm).toEqual(['--before-remove', 'tools/deb/before-remove.sh']);
    expect(read('tools', 'deb', 'before-remove.sh')).toContain(`program=/opt/${productName}\n`);
  });
});
