/** How much later than at its best a picture is: the camera's clock and ours differ by an unknown but steady span. */

/** So far a camera's clock does not drift from ours between two frames: it began anew. */
const JUMP_MS = 10_000;
const DRIFT_MS_PER_S = 0.1;

export class LagMeter {
  #best = Number.POSITIVE_INFINITY;
  #seenMs = 0;
  #last = Number.NaN;

  /** A frame of this timestamp was shown now; ms behind the best that this connection has done. */
  shown(timestampUs: number, nowMs: number): number {
    const span = nowMs - timestampUs / 1000;
    if (Math.abs(span - this.#last) > JUMP_MS) this.reset();
    this.#last = span;
    // Two clocks never run quite alike: the best is forgotten slowly.
    this.#best = Math.min(span, this.#best + ((nowMs - this.#seenMs) / 1000) * DRIFT_MS_PER_S);
    this.#seenMs = nowMs;
    return span - this.#best;
  }

  reset(): void {
    this.#best = Number.POSITIVE_INFINITY;
  }
}
