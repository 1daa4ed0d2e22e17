import { globSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Programs that the agent forks, by their names. */
const CHILDREN = 'main/{agent,trainer}/**/{child,*-child}.ts';

/** The agent's programs; each runs in a process of its own. Paths in the project. */
export function agentPrograms(): string[] {
  return ['main/agent/cli.ts', ...globSync(CHILDREN, { cwd: root })];
}

/**
 * Turns the agent's TypeScript into JavaScript, file by file, in the folders that it has in the project: Node runs no
 * TypeScript out of `node_modules`, where `@genba/shared` would lie in a package. Packages stay outside, and are found
 * beside it as ever.
 * @param folder is emptied first
 */
export async function buildAgent(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    // Ours is built, everything else is left to Node.
    ssr: { noExternal: [/^@genba\//], external: true },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        input: agentPrograms().map((program) => join(root, program)),
        output: {
          format: 'es',
          preserveModules: true,
          preserveModulesRoot: root,
          entryFileNames: '[name].js',
        },
      },
    },
  });
  await mkdir(join(folder, 'main'), { recursive: true });
  // It says that these are modules, and which version this is.
  await copyFile(join(root, 'main', 'package.json'), join(folder, 'main', 'package.json'));
  await copyFile(join(root, 'shared', 'package.json'), join(folder, 'shared', 'package.json'));
}

if (import.meta.main) await buildAgent(join(root, 'release', 'agent'));
