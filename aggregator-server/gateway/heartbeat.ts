/** Into how many parts of a period the members are spread. */
export const SLICES = 50;

/** What a heartbeat does to a member, once per period. */
export interface Beating {
  checkAlive(): void;
}

/**
 * Checks each member once per period, spread over it: thousands at one moment would hold up everybody's transfers for
 * as long as writing thousands of pings takes.
 */
export class Heartbeat {
  readonly #slices = Array.from({ length: SLICES }, () => new Set<Beating>());
  readonly #timer: NodeJS.Timeout;
  /** The slice that takes the next member, so that all are of about one size. */
  #filling = 0;
  #checking = 0;

  /** @param periodMs time between two checks of one member, milliseconds */
  constructor(periodMs: number) {
    this.#timer = setInterval(() => this.#beat(), periodMs / SLICES);
  }

  add(member: Beating): void {
    this.#slices[this.#filling]!.add(member);
    this.#filling = (this.#filling + 1) % SLICES;
  }

  remove(member: Beating): void {
    for (const slice of this.#slices) if (slice.delete(member)) return;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    for (const member of this.#slices[this.#checking]!) member.checkAlive();
    this.#checking = (this.#checking + 1) % SLICES;
  }
}
