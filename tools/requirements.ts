import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmdirSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';
import { PROGRAM_TO_TEST } from './packaged-app.ts';

/** Something heavy outside the repository that some tests need. */
interface Requirement {
  /** Cheap, without side effects: it never downloads. */
  readonly isAvailable: () => boolean;
  /** One sentence: what is missing and how to get it. */
  readonly howToGet: string;
}

const require = createRequire(import.meta.url);

/** Path of the Chromium to test with: GENBA_CHROMIUM, /usr/bin/chromium, or one on PATH; null where there is none. */
export function chromiumPath(): string | null {
  const fromEnvironment = process.env.GENBA_CHROMIUM;
  if (fromEnvironment) return isExecutable(fromEnvironment) ? fromEnvironment : null;
  if (isExecutable('/usr/bin/chromium')) return '/usr/bin/chromium';
  return onPath('chromium') ?? onPath('google-chrome');
}

/**
 * Path of the Electron binary to test with: ELECTRON_OVERRIDE_DIST_PATH, or the one the `electron` package has
 * downloaded; null where there is none. (Importing the package itself would start that download.)
 */
export function electronPath(): string | null {
  let folder: string;
  try {
    folder = join(require.resolve('electron/package.json'), '..');
  } catch {
    return null;
  }
  const pathFile = join(folder, 'path.txt');
  const executable = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron';
  const distribution = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist');
  const path = join(distribution, executable);
  return isExecutable(path) ? path : null;
}

/** Whether a window can be opened: a display, or `xvfb-run` to make one. Only Linux may lack it. */
export function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY) || onPath('xvfb-run') !== null;
}

/** The Python to test and compare with: another one, say of a virtual environment with Keras, by GENBA_PYTHON. */
export function pythonPath(): string {
  return process.env.GENBA_PYTHON || 'python3';
}

/** Looks for the packages without loading them, which takes seconds. */
function hasKeras(): boolean {
  const script = `from importlib.util import find_spec as has
raise SystemExit(not (has('keras') and has('h5py') and any(map(has, ('jax', 'tensorflow', 'torch')))))`;
  return spawnSync(pythonPath(), ['-c', script], { timeout: 60_000 }).status === 0;
}

/** Tries it: whether an account may mount, also as root, is up to the container it lives in. */
function canMountDisk(): boolean {
  if (process.platform !== 'linux') return false;
  const folder = mkdtempSync(join(tmpdir(), 'genba-mount-'));
  const options = ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder];
  const isMounted = spawnSync('mount', options).status === 0;
  if (isMounted) spawnSync('umount', [folder]);
  rmdirSync(folder);
  return isMounted;
}

/**
 * Points Vulkan at SwiftShader, a driver that calculates on the processor and that Chromium brings along, unless another is
 * named already. Must run before Dawn is loaded.
 */
export function useSwiftShader(): void {
  const driver = swiftShaderPath();
  if (driver !== null) process.env.VK_ICD_FILENAMES ??= driver;
}

function swiftShaderPath(): string | null {
  const beside = chromiumPath() === null ? [] : [join(realpathSync(chromiumPath()!), '..')];
  for (const folder of [...beside, '/usr/lib/chromium', '/opt/google/chrome']) {
    const path = join(folder, 'vk_swiftshader_icd.json');
    if (existsSync(path)) return path;
  }
  return null;
}

/** In a process of its own: a broken driver may end the process that loads it. */
function canUseWebGpu(): boolean {
  const module = new URL('../main/trainer/webgpu-backend.ts', import.meta.url).href;
  const script = `const { loadWebGpu } = await import('${module}'); await loadWebGpu(true); process.exit(0);`;
  useSwiftShader();
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 }).status === 0;
}

/** In a process of its own: a broken native library may end the process that loads it. */
function canLoadNativeTensorflow(): boolean {
  try {
    require.resolve('@tensorflow/tfjs-node/package.json');
  } catch {
    return false;
  }
  const loader = new URL('../main/trainer/native-tensorflow.ts', import.meta.url).href;
  const script = `const { loadNativeTensorflow } = await import('${loader}'); await loadNativeTensorflow();`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 });
  return run.status === 0;
}

const REQUIREMENTS = {
  'native-tensorflow': {
    isAvailable: canLoadNativeTensorflow,
    howToGet:
      'Native TensorFlow is missing: run "npm install" where its library can be downloaded, or .ci/native-tensorflow.sh.',
  },
  webgpu: {
    isAvailable: canUseWebGpu,
    howToGet:
      'WebGPU is missing: install a Vulkan loader and Chromium, whose SwiftShader is used ("apt-get install libvulkan1 chromium"), or a graphics driver.',
  },
  chromium: {
    isAvailable: () => chromiumPath() !== null,
    howToGet:
      'Chromium is missing: install it ("apt-get install chromium", or Google Chrome) or set GENBA_CHROMIUM to its executable.',
  },
  electron: {
    isAvailable: () => electronPath() !== null && hasDisplay(),
    howToGet:
      'Electron is missing: run "npx install-electron", or set ELECTRON_OVERRIDE_DIST_PATH to an unpacked one; on Linux without a display also "apt-get install xvfb".',
  },
  package: {
    isAvailable: () => existsSync(PROGRAM_TO_TEST) && hasDisplay(),
    howToGet:
      'There is no packaged program: run "npm run package -- --dir" (Linux), then "node tools/packaged-app.ts".',
  },
  keras: {
    isAvailable: hasKeras,
    howToGet:
      'Keras is missing: install .ci/python-packages.txt with pip, and set GENBA_PYTHON to that Python unless it is "python3".',
  },
  'small-disks': {
    isAvailable: canMountDisk,
    howToGet:
      'Small disks to fill up cannot be mounted: run as root on Linux, in a container with the right to mount (docker run --cap-add SYS_ADMIN --security-opt apparmor=unconfined).',
  },
  'dpkg-deb': {
    isAvailable: () => onPath('dpkg-deb') !== null,
    howToGet: 'dpkg-deb is missing: install dpkg (Debian and its like have it).',
  },
  'systemd-analyze': {
    isAvailable: () => onPath('systemd-analyze') !== null,
    howToGet:
      'systemd-analyze is missing: install systemd ("apt-get install systemd"); it need not run for that.',
  },
} as const satisfies Record<string, Requirement>;

export type RequirementName = keyof typeof REQUIREMENTS;

const answers = new Map<RequirementName, boolean>();

/** Whether the requirement is met here; checked once per process, and said once on stderr when it is not. */
export function isRequirementMet(name: RequirementName): boolean {
  const known = answers.get(name);
  if (known !== undefined) return known;
  const { isAvailable, howToGet } = REQUIREMENTS[name];
  const answer = isAvailable();
  answers.set(name, answer);
  if (!answer) process.stderr.write(`${howToGet}\n`);
  return answer;
}

/**
 * A `describe` whose tests need something heavy. Where that is missing the tests count as not run and the way to
 * get it is printed; with GENBA_REQUIRE_ALL=1 (CI) they fail instead, so that nothing is left out silently.
 */
export function describeIfAvailable(requirement: RequirementName, name: string, suite: () => void): void {
  const isMet = isRequirementMet(requirement);
  if (!isMet && process.env.GENBA_REQUIRE_ALL === '1') {
    describe(name, () => {
      it(`has ${requirement}`, () => {
        throw new Error(REQUIREMENTS[requirement].howToGet);
      });
    });
    return;
  }
  describe.skipIf(!isMet)(name, suite);
}

function onPath(command: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, command);
    if (folder !== '' && isExecutable(path)) return path;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
