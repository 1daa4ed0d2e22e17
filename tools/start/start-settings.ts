import { resolve } from 'node:path';

/** Settings of the agent that `npm start` passes on; the agent keeps them, so that they are given once. */
export const AGENT_SETTINGS = ['server', 'dataset', 'check', 'plant', 'task'] as const;
export type AgentSetting = (typeof AGENT_SETTINGS)[number];

const PATHS: ReadonlySet<AgentSetting> = new Set(['dataset', 'check']);

/** Where the person stands who typed the command: npm runs scripts in the project and tells the folder apart. */
export function userFolder(env: Readonly<Record<string, string | undefined>>, workingFolder: string): string {
  return env.INIT_CWD || workingFolder;
}

/**
 * The settings as arguments of the agent, which runs in a folder of its own.
 * @param from folder that relative paths count from
 */
export function settingArguments(
  given: Readonly<Partial<Record<AgentSetting, string>>>,
  from: string,
): string[] {
  return AGENT_SETTINGS.flatMap((name) => {
    const value = given[name];
    if (value === undefined) return [];
    return [`--${name}`, PATHS.has(name) ? resolve(from, value) : value];
  });
}
