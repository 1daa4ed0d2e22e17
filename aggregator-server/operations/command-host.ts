/** Where the commands write to, and what stops them. */
export interface CommandHost {
  /** A result, for standard output. */
  readonly print: (text: string) => void;
  /** Progress, for standard error. */
  readonly tell: (text: string) => void;
  /** From the first call on, Ctrl+C stops the operation instead of the process. */
  readonly interruptible: () => AbortSignal;
}
