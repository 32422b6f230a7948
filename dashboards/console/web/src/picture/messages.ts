/** What the page and the worker tell each other about pictures, each known by a number. */
import type { Note } from "./records.ts";

export type StreamName = "main" | "sub";

export type Asked =
  | { do: "make"; picture: number; canvas: OffscreenCanvas; measure: boolean }
  | { do: "show"; picture: number; stream: StreamName; address: string }
  | { do: "pause"; picture: number }
  | { do: "hurry"; picture: number }
  | { do: "photograph"; picture: number; request: number }
  | { do: "forget"; picture: number };

/** Ten times a second while frames are drawn. Times are milliseconds since 1970 by this machine's clock. */
export interface Progress {
  stream: StreamName;
  codec: string;
  width: number;
  height: number;
  /** Frames drawn since the picture was made. */
  drawn: number;
  drawnMs: number;
  /** How much later than at its best it is. */
  lagMs: number;
  /** Ages of the burned-in clock, ms, of the frames drawn since the last progress; only when measuring. */
  ages: number[];
}

export type Told =
  | { picture: number; progress: Progress }
  | { picture: number; note: Note }
  | { picture: number; connected: boolean; reason: string }
  | { picture: number; request: number; photograph: ImageBitmap | null };

/** What the element that shows a picture hears of it, however it is played. */
export interface Heard {
  progress(progress: Progress): void;
  note(note: Note): void;
  connected(yes: boolean, reason: string): void;
}

/** A way of playing. */
export interface Player {
  readonly path: "webcodecs" | "mse";
  /** What to put into the page. */
  readonly view: HTMLElement;
  /** From now on this stream; the one before stays in sight until the first frame of this one. */
  show(stream: StreamName, address: string): void;
  /** No frames, no connection; the last frame stays in sight. */
  pause(): void;
  /** Do not wait before the next attempt to connect. */
  hurry(): void;
  /** The pixels in sight; undefined before the first frame. */
  photograph(): Promise<ImageData | undefined>;
  close(): void;
}
