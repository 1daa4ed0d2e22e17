import { spawnSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Configuration, Platform } from 'electron-builder';
import { copyPackages, runtimePackages, stripLibraries } from './agent-packages.ts';
import { buildAgent } from './build-agent.ts';
import { buildPackageIcons } from './build-icons.ts';
import { buildWindows } from './build-windows.ts';
import { NO_HOME_PAGE } from './deb/build-deb.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const AGENT_FOLDER = join(root, 'release', 'agent');

/**
 * Puts the agent together as it lies in a package: JavaScript, the packages that it needs on this kind of PC, and the
 * pages for browsers.
 */
async function stageAgent(without: ReadonlySet<string>): Promise<void> {
  await buildAgent(AGENT_FOLDER);
  const packages = runtimePackages(root, ['main', 'shared'], without);
  await copyPackages(root, packages, AGENT_FOLDER, process);
  await stripLibraries(join(AGENT_FOLDER, 'node_modules'));
  await cp(join(root, 'renderer', 'dist'), join(AGENT_FOLDER, 'renderer', 'dist'), { recursive: true });
}

/** A folder with an unpacked Electron instead of the download, and its version. */
async function ownElectron(): Promise<{ electronDist?: string; electronVersion?: string }> {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (!folder) return {};
  const version = await readFile(join(folder, 'version'), 'utf8');
  return { electronDist: folder, electronVersion: version.trim() };
}

/**
 * Has debs made by dpkg itself where there is one, instead of by an fpm that would have to be downloaded.
 * @returns what electron-builder wants to know of a Linux package, and a plant's own package may not have
 */
async function prepareDeb(homePage: string | undefined): Promise<Configuration> {
  if (!process.env.CUSTOM_FPM_PATH && spawnSync('dpkg-deb', ['--version']).status === 0) {
    const program = join(root, 'release', 'build-deb');
    const command = [process.execPath, join(root, 'tools', 'deb', 'build-deb.ts')];
    await writeFile(program, `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(' ')} "$@"\n`, {
      mode: 0o755,
    });
    process.env.CUSTOM_FPM_PATH = program;
  }
  // electron-builder's own script, and what goes on after an update.
  const parts = [
    join(
      dirname(createRequire(import.meta.url).resolve('app-builder-lib/package.json')),
      'templates/linux/after-install.tpl',
    ),
    join(root, 'tools', 'deb', 'after-upgrade.sh'),
  ];
  const afterInstall = join('release', 'after-install.tpl');
  await writeFile(
    join(root, afterInstall),
    (await Promise.all(parts.map((part) => readFile(part)))).join('\n'),
  );
  return { deb: { afterInstall }, extraMetadata: { homepage: homePage ?? NO_HOME_PAGE } };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Only the folder, no installers: what the tests run. */
    dir: { type: 'boolean', default: false },
    /** Saves half a gigabyte; the agent trains on WebAssembly then. */
    'without-tensorflow': { type: 'boolean', default: false },
    /** Who answers for a Linux package: `Name <address>`. */
    maintainer: { type: 'string' },
    /** A page about it, shown by Linux package managers. */
    homepage: { type: 'string' },
  },
});

await rm(join(root, 'release'), { recursive: true, force: true });
await buildWindows();
await buildPackageIcons(join(root, 'release', 'icons'));
await stageAgent(new Set(values['without-tensorflow'] ? ['@tensorflow/tfjs-node'] : []));
const platform = Platform.current();
const targets = values.dir ? ['dir'] : positionals;
await build({
  projectDir: root,
  targets: platform.createTarget(targets.length > 0 ? targets : undefined),
  publish: 'never',
  config: {
    extends: 'electron-builder.yml',
    ...(await ownElectron()),
    ...(process.platform === 'linux' ? await prepareDeb(values.homepage) : {}),
    ...(values.maintainer ? { linux: { maintainer: values.maintainer } } : {}),
  },
});
