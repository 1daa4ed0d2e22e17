/** The named moments of an update's way, in order; a crash at any of them must replay to the same state. */
export const ENGINE_STEPS = [
  /** The update's weights are durable in the store, nothing refers to them yet. */
  'receive/stored',
  /** The update is journaled: from here on it will be applied, quarantined or set aside exactly once. */
  'receive/journaled',
  /** A round that was due is closed, and that is committed. */
  'apply/closed',
  /** The strategy has done its step; its new vectors lie in temporary files. */
  'apply/computed',
  /** The first new vector is in the store under its name. */
  'apply/first-stored',
  /** All of them are. */
  'apply/all-stored',
  /** The step is committed: the update is applied. */
  'apply/committed',
  /** Files without a reader are gone. */
  'apply/cleaned',
  /** Screening has found something; nothing is changed yet. */
  'quarantine/found',
  /** The update is in quarantine, and that is committed. */
  'quarantine/committed',
  /** An operator's request was taken up; nothing is changed yet. */
  'operator/taken',
  /** It is carried out, and that is committed together with its end. */
  'operator/committed',
] as const;

/** The named moments of taking start weights back from a client, in order; a crash at any of them loses nothing. */
export const RESTORE_STEPS = [
  /** The weights are durable in the store, but the catalogue does not count on them yet. */
  'restore/stored',
  /** They are what is kept of the client again. */
  'restore/committed',
] as const;

export type EngineStep = (typeof ENGINE_STEPS)[number] | (typeof RESTORE_STEPS)[number];

/** Called at each step and awaited; tests stop the engine here. */
export type StepHook = (step: EngineStep) => void | Promise<void>;
