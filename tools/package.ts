import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, Platform } from 'electron-builder';
import { copyPackages, runtimePackages } from './agent-packages.ts';
import { buildAgent } from './build-agent.ts';
import { buildPackageIcons } from './build-icons.ts';
import { buildWindows } from './build-windows.ts';

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
  await cp(join(root, 'renderer', 'dist'), join(AGENT_FOLDER, 'renderer', 'dist'), { recursive: true });
}

/** A folder with an unpacked Electron instead of the download, and its version. */
async function ownElectron(): Promise<{ electronDist?: string; electronVersion?: string }> {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (!folder) return {};
  const version = await readFile(join(folder, 'version'), 'utf8');
  return { electronDist: folder, electronVersion: version.trim() };
}

const { values } = parseArgs({
  options: {
    /** Only the folder, no installers: what the tests run. */
    dir: { type: 'boolean', default: false },
    /** Saves half a gigabyte; the agent trains on WebAssembly then. */
    'without-tensorflow': { type: 'boolean', default: false },
  },
});

await rm(join(root, 'release'), { recursive: true, force: true });
await buildWindows();
await buildPackageIcons(join(root, 'release', 'icons'));
await stageAgent(new Set(values['without-tensorflow'] ? ['@tensorflow/tfjs-node'] : []));
const platform = Platform.current();
await build({
  projectDir: root,
  targets: values.dir ? platform.createTarget('dir') : platform.createTarget(),
  publish: 'never',
  config: { extends: 'electron-builder.yml', ...(await ownElectron()) },
});
