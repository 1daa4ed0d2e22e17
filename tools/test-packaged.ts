import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** All tests of the window in Electron, and those of the package alone; fewer where the command line names them. */
const ALL = ['window', 'shell', 'data-drop', 'handed-invitation', 'update', 'packaged'];
const named = process.argv.slice(2);
const TESTS = (named.length > 0 ? named : ALL).map((name) => `e2e/${name}.e2e.test.ts`);

/** Runs a program of Node in the project and ends this one where it fails. */
function run(args: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// An installed one, as GENBA_PACKAGE names it, is there already.
if (!process.env.GENBA_PACKAGE) run([join('tools', 'package.ts'), '--dir']);
run([join('tools', 'packaged-app.ts')]);
run([join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', 'e2e', ...TESTS], {
  ...process.env,
  GENBA_APP: 'packaged',
});
