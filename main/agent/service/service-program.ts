/** How a service is to run the agent on this PC; all paths are full ones. */
export interface ServiceProgram {
  /** The pinned Node binary. */
  readonly nodePath: string;
  /** The agent's command line program. */
  readonly cliPath: string;
  readonly dataFolder: string;
  /** Account that the service runs as. */
  readonly account: string;
  /** Whether the group of the data folder may open the window. */
  readonly isWindowShared: boolean;
}

/** Seconds that a service gives the agent to stop before it ends it by force: far more than it needs. */
export const SERVICE_STOP_SECONDS = 45;

/** Arguments after the program's name that start the agent as a service. */
export function startArguments({ dataFolder, isWindowShared }: ServiceProgram): string[] {
  const shared = isWindowShared ? ['--share-window'] : [];
  // A log must not hold the address with its token.
  return ['run', '--take-over', '--quiet', ...shared, '--data', dataFolder];
}

/** Arguments that stop it, where a service manager has no signal for that. */
export function stopArguments({ dataFolder }: ServiceProgram): string[] {
  return ['stop', '--force', '--wait', `${SERVICE_STOP_SECONDS}`, '--data', dataFolder];
}
