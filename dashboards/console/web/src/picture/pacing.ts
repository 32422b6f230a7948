/**
 * A tile's frames come several at once. Each is decoded when its own time has come, so that what moves keeps moving
 * evenly; a stretch that is older than that is caught up with at once.
 */
import type { Frame } from "./records.ts";

const MOST_AHEAD_MS = 400;
const CATCH_UP_MS = 200;
/** By how much of what comes early the playing clock is set forward with each message: slow drift, no visible hurry. */
const SETTLE = 0.1;

export class Pacer {
  #waiting: Frame[] = [];
  /** Local time minus the camera's, ms: a frame is due at its timestamp plus this. */
  #offset: number | undefined;

  get length(): number {
    return this.#waiting.length;
  }

  /** The frames of one message. */
  push(frames: readonly Frame[], nowMs: number): void {
    const first = frames[0];
    const last = frames.at(-1);
    if (!first || !last) return;
    if (frames.length === 1 && this.#waiting.length === 0) this.#offset = undefined;
    else this.#steer(first.timestampUs / 1000, last.timestampUs / 1000, nowMs);
    this.#waiting.push(...frames);
  }

  #steer(firstMs: number, lastMs: number, nowMs: number): void {
    const begun = nowMs - firstMs;
    if (this.#offset === undefined) this.#offset = begun;
    // It came late: everything plays a little later from now on. Early: a little sooner.
    else this.#offset += begun > this.#offset ? begun - this.#offset : (begun - this.#offset) * SETTLE;
    const ahead = lastMs + this.#offset - nowMs;
    if (ahead > MOST_AHEAD_MS || ahead < -MOST_AHEAD_MS) this.#offset = nowMs - lastMs + CATCH_UP_MS;
  }

  /** The frames whose time has come. */
  take(nowMs: number): Frame[] {
    const offset = this.#offset;
    if (offset === undefined) return this.#waiting.splice(0);
    let count = 0;
    for (const { timestampUs } of this.#waiting) {
      if (timestampUs / 1000 + offset > nowMs) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  clear(): void {
    this.#waiting = [];
    this.#offset = undefined;
  }
}
