/** Whether somebody is reading right now: a list must not move under a hand. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

const READS_FOR_MS = 15_000;
const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchmove"] as const;

export class Reading implements ReactiveController {
  #last = Number.NEGATIVE_INFINITY;
  readonly #monotonic: () => number;

  constructor(host: ReactiveControllerHost, monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
    host.addController(this);
  }

  get busy(): boolean {
    return this.#monotonic() - this.#last < READS_FOR_MS;
  }

  /** The reader asked for the new order. */
  rest(): void {
    this.#last = Number.NEGATIVE_INFINITY;
  }

  hostConnected(): void {
    for (const sign of SIGNS) addEventListener(sign, this.#seen, { passive: true });
  }

  hostDisconnected(): void {
    for (const sign of SIGNS) removeEventListener(sign, this.#seen);
  }

  #seen = (): void => {
    this.#last = this.#monotonic();
  };
}
