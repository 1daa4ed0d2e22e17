/** Code of the error of what did not come in time. */
export const TOO_LATE = 'ETIMEDOUT';

/**
 * A promise with an end.
 * @param deadlineMs time until it is rejected with the code {@link TOO_LATE}, milliseconds
 */
export function inTime<Value>(
  deadlineMs: number,
  begin: (resolve: (value: Value) => void, reject: (error: unknown) => void) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = () => reject(Object.assign(new Error('no answer in time'), { code: TOO_LATE }));
    const deadline = setTimeout(late, deadlineMs);
    const settle =
      <Outcome>(act: (outcome: Outcome) => void) =>
      (outcome: Outcome) => {
        clearTimeout(deadline);
        act(outcome);
      };
    begin(settle(resolve), settle(reject));
  });
}

/** What the system calls an error; its message where it has no code. */
export function codeOf(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException;
  return code ?? message;
}
