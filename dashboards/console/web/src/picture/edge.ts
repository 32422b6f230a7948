/** Staying at the live edge with Media Source Extensions: what to do about a buffer, decided from its numbers alone. */

export interface Buffered {
  currentTime: number;
  /** The last of the buffered ranges, seconds. */
  start: number;
  end: number;
  /** Where the first range begins: what may be thrown away. */
  oldest: number;
}

export interface Move {
  seekTo?: number;
  rate: number;
  removeBefore?: number;
}

/** Seconds kept between what is shown and the newest frame; less stalls, as measured. */
export const TARGET_SECONDS = 0.1;
const JUMP_SECONDS = 0.6;
const KEEP_SECONDS = 4;
const REMOVE_BEYOND_SECONDS = 10;
const FASTER = 1.1;
/** Near the target a small correction holds it there: anything up to twice the target would otherwise just stay. */
const A_LITTLE_FASTER = 1.04;
const SLOWER = 0.93;

/** `target` in seconds: a tile's frames come in batches, so it keeps one batch more. */
export function keepUp(buffered: Buffered, target = TARGET_SECONDS): Move {
  const { currentTime, start, end, oldest } = buffered;
  const behind = end - currentTime;
  const move: Move = { rate: 1 };
  // Before the last range there is a hole that playing would wait at for ever; beyond its end there is nothing.
  if (behind > target + JUMP_SECONDS || currentTime < start || behind < 0) {
    move.seekTo = Math.max(start, end - target);
  } else if (behind > target * 1.6) move.rate = FASTER;
  else if (behind > target * 1.1) move.rate = A_LITTLE_FASTER;
  else if (behind < target * 0.5) move.rate = SLOWER;
  const at = move.seekTo ?? currentTime;
  if (at - oldest > REMOVE_BEYOND_SECONDS) move.removeBefore = at - KEEP_SECONDS;
  return move;
}
