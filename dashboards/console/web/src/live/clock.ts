/** The site's clock: the browser's, corrected by what the server last said; and a tick for what ages on screen. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

const TICK_MS = 5_000;

let offset = 0;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Milliseconds since 1970 by the server's clock. */
export const now = (): number => Date.now() + offset;

/** Called with each page answer: an office PC's clock may be minutes off, and ages must not be. */
export function setNow(serverMs: number): void {
  offset = serverMs - Date.now();
}

/** A part that shows ages is drawn again with each tick while it is on the page. */
export class Ticking implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #stop: (() => void) | undefined;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#stop = onTick(() => this.#host.requestUpdate());
  }

  hostDisconnected(): void {
    this.#stop?.();
  }
}

/** Calls `listener` every few seconds until the returned function is called. */
function onTick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}
