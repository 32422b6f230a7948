/** When to acknowledge: the newest processed frame, at most every tenth of a second, and never later than that. */

export const ACK_EVERY_MS = 100;

export class AckPacer {
  #newest: number | undefined;
  #sentMs = Number.NEGATIVE_INFINITY;

  /** This frame is done with: drawn, or rightly left out. Frames are told of in the order in which they came. */
  processed(sequence: number): void {
    this.#newest = sequence;
  }

  /** The sequence to acknowledge now, if there is one and the last was long enough ago. */
  take(nowMs: number): number | undefined {
    const newest = this.#newest;
    if (newest === undefined || nowMs - this.#sentMs < ACK_EVERY_MS) return undefined;
    this.#newest = undefined;
    this.#sentMs = nowMs;
    return newest;
  }

  /** How long to wait before `take` has something; undefined where nothing waits. */
  dueInMs(nowMs: number): number | undefined {
    return this.#newest === undefined ? undefined : Math.max(0, this.#sentMs + ACK_EVERY_MS - nowMs);
  }

  /** A new connection: nothing of the one before is owed. */
  reset(): void {
    this.#newest = undefined;
    this.#sentMs = Number.NEGATIVE_INFINITY;
  }
}
