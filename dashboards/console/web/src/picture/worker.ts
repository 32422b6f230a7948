/** The one worker of a page: it owns the sockets and decoders of all its pictures, and draws on their canvases. */
import { ageMs, ClockReader } from "./clock-row.ts";
import { Feed } from "./feed.ts";
import type { Asked, StreamName, Told } from "./messages.ts";

const PROGRESS_EVERY_MS = 100;

const say = (told: Told, transfer: Transferable[] = []) => postMessage(told, { transfer });

class Picture {
  readonly #number: number;
  readonly #canvas: OffscreenCanvas;
  readonly #ink: OffscreenCanvasRenderingContext2D | null;
  readonly #clock: ClockReader | undefined;
  /** In sight; and, while a stream begins, the one that will take its place. */
  #feed: Feed | undefined;
  #next: Feed | undefined;
  #drawn = 0;
  #ages: number[] = [];
  #toldMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lag = 0;
  #drawnMs = 0;

  constructor(number: number, canvas: OffscreenCanvas, measure: boolean) {
    this.#number = number;
    this.#canvas = canvas;
    this.#ink = canvas.getContext("2d", { alpha: false });
    this.#clock = measure ? new ClockReader() : undefined;
  }

  show(stream: StreamName, address: string): void {
    this.#next?.close();
    const feed = new Feed(stream, address, {
      drawn: (from, frame, lag) => this.#draw(from, frame, lag),
      // While the stream before is still in sight, what happens to the new one is not yet of interest.
      note: (from, note) => {
        if (from === (this.#feed ?? this.#next)) say({ picture: this.#number, note });
      },
      connected: (from, connected, reason) => {
        if (from === (this.#feed ?? this.#next)) say({ picture: this.#number, connected, reason });
      },
    });
    this.#next = feed;
  }

  pause(): void {
    this.#feed?.close();
    this.#next?.close();
    this.#feed = this.#next = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  hurry(): void {
    this.#feed?.hurry();
    this.#next?.hurry();
  }

  async photograph(request: number): Promise<void> {
    const photograph = this.#drawn > 0 ? await createImageBitmap(this.#canvas) : null;
    say({ picture: this.#number, request, photograph }, photograph ? [photograph] : []);
  }

  #draw(feed: Feed, frame: VideoFrame, lagMs: number): void {
    if (feed === this.#next) {
      this.#feed?.close();
      this.#feed = feed;
      this.#next = undefined;
      this.#toldMs = Number.NEGATIVE_INFINITY;
    }
    const { displayWidth: width, displayHeight: height } = frame;
    // Setting a canvas's size clears it: in the same task as the drawing, so that nobody sees it black.
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    this.#ink?.drawImage(frame, 0, 0, width, height);
    this.#drawnMs = performance.timeOrigin + performance.now();
    this.#lag = lagMs;
    this.#drawn += 1;
    const burned = this.#clock?.read(frame, width, height);
    frame.close();
    if (burned !== undefined) this.#ages.push(ageMs(burned, this.#drawnMs));
    this.#tell();
  }

  #tell = (): void => {
    const left = this.#toldMs + PROGRESS_EVERY_MS - performance.now();
    if (left > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#tell();
      }, left + 1);
      return;
    }
    const feed = this.#feed;
    if (!feed) return;
    this.#toldMs = performance.now();
    const { width, height } = this.#canvas;
    const ages = this.#ages;
    this.#ages = [];
    const at = { drawn: this.#drawn, drawnMs: this.#drawnMs, lagMs: this.#lag };
    const progress = { stream: feed.stream, codec: feed.codec, width, height, ...at, ages };
    say({ picture: this.#number, progress });
  };
}

const pictures = new Map<number, Picture>();

addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  if (data.do === "make") {
    pictures.set(data.picture, new Picture(data.picture, data.canvas, data.measure));
    return;
  }
  const picture = pictures.get(data.picture);
  if (!picture) return;
  if (data.do === "show") picture.show(data.stream, data.address);
  else if (data.do === "hurry") picture.hurry();
  else if (data.do === "photograph") void picture.photograph(data.request);
  else picture.pause();
  if (data.do === "forget") pictures.delete(data.picture);
});
