/**
 * The clock that the simulator's cameras burn into the bottom edge (simulator/scene/clock_code.py): 32 blocks, 80 of
 * which would span the picture, 45 its height; 27 of Gray code, milliseconds since midnight UTC, then 5 check bits.
 */

export const BLOCKS = 32;
export const ACROSS = 80;
export const DOWN = 45;
export const DAY_MS = 86_400_000;
const DATA = 27;
const CHECKS = BLOCKS - DATA;
const WHITE = 128;

/** The milliseconds that 32 brightnesses say; undefined where they say none. */
export function clockOf(levels: readonly number[]): number | undefined {
  const bits = levels.map((each) => each >= WHITE);
  for (let check = 0; check < CHECKS; check += 1) {
    let white = 0;
    for (let at = check; at < DATA; at += CHECKS) white += bits[at] ? 1 : 0;
    if (bits[DATA + check] !== (white % 2 === 0)) return undefined;
  }
  let number = 0;
  for (let at = 0; at < DATA; at += 1) number = number * 2 + ((number & 1) ^ (bits[at] ? 1 : 0));
  return number < DAY_MS ? number : undefined;
}

/** From the burned-in moment to now, ms, over midnight too. */
export function ageMs(clockMs: number, nowMs: number): number {
  const age = (((nowMs % DAY_MS) - clockMs) % DAY_MS) + DAY_MS;
  return age % DAY_MS > DAY_MS / 2 ? (age % DAY_MS) - DAY_MS : age % DAY_MS;
}

/** Reads the row from a frame. Costs a copy of 512×16 pixels: for measurements only. */
export class ClockReader {
  readonly #strip = new OffscreenCanvas(BLOCKS * 4, 4);
  readonly #ink = this.#strip.getContext("2d", { willReadFrequently: true, alpha: false });

  read(source: CanvasImageSource, width: number, height: number): number | undefined {
    const ink = this.#ink;
    if (!ink) return undefined;
    const down = height / DOWN;
    // From a block's middle half, where neither its neighbours nor the encoder's ringing reach.
    ink.drawImage(source, 0, height - down * 0.75, (width * BLOCKS) / ACROSS, down / 2, 0, 0, BLOCKS * 4, 4);
    const { data } = ink.getImageData(0, 0, BLOCKS * 4, 4);
    return clockOf(Array.from({ length: BLOCKS }, (_, at) => brightness(data, at)));
  }
}

function brightness(data: Uint8ClampedArray, block: number): number {
  let sum = 0;
  for (let row = 1; row < 3; row += 1) {
    for (let column = 1; column < 3; column += 1) {
      sum += data[(row * BLOCKS * 4 + block * 4 + column) * 4 + 1] ?? 0;
    }
  }
  return sum / 4;
}
