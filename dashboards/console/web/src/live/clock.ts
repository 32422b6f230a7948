/** The site's clock: the browser's, corrected by what the server last said; and a tick for what ages on screen. */

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

/** Calls `listener` every few seconds until the returned function is called. */
export function onTick(listener: () => void): () => void {
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
