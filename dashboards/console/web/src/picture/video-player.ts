/** Playing by Media Source Extensions where there is no VideoDecoder; on an iPhone by ManagedMediaSource. */
import { pixelsOf } from "./canvas-player.ts";
import { ageMs, ClockReader } from "./clock-row.ts";
import { TARGET_SECONDS } from "./edge.ts";
import type { Heard, Player, StreamName } from "./messages.ts";
import { SourceFeed } from "./source-feed.ts";

const PROGRESS_EVERY_MS = 100;
/** The hub sends a tile's frames in batches of about this. */
const BATCH_SECONDS = 0.2;

export class VideoPlayer implements Player {
  readonly path = "mse";
  readonly view = document.createElement("div");
  readonly #heard: Heard;
  readonly #clock: ClockReader | undefined;
  #feed: SourceFeed | undefined;
  /** Stopped; its last frame is in sight until there is another. */
  #last: SourceFeed | undefined;
  #next: SourceFeed | undefined;
  #drawn = 0;
  #ages: number[] = [];
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(heard: Heard, measure: boolean) {
    this.#heard = heard;
    this.#clock = measure ? new ClockReader() : undefined;
    this.view.className = "videos";
  }

  show(stream: StreamName, address: string): void {
    this.#next?.close();
    const target = stream === "sub" ? TARGET_SECONDS + BATCH_SECONDS : TARGET_SECONDS;
    const feed: SourceFeed = new SourceFeed(stream, `${address}?mode=mse`, target, {
      shown: (frames) => this.#shown(feed, frames),
      note: (note) => {
        if (feed === (this.#feed ?? this.#next)) this.#heard.note(note);
      },
      connected: (yes, reason) => {
        if (feed === (this.#feed ?? this.#next)) this.#heard.connected(yes, reason);
      },
    });
    this.#next = feed;
    this.view.append(feed.video);
  }

  pause(): void {
    this.#next?.close();
    this.#next = undefined;
    if (!this.#feed) return;
    this.#feed.stop();
    this.#last = this.#feed;
    this.#feed = undefined;
  }

  hurry(): void {
    this.#feed?.hurry();
    this.#next?.hurry();
  }

  close(): void {
    for (const each of [this.#feed, this.#last, this.#next]) each?.close();
  }

  async photograph(): Promise<ImageData | undefined> {
    const video = (this.#feed ?? this.#last)?.video;
    return video?.videoWidth ? pixelsOf(video, video.videoWidth, video.videoHeight) : undefined;
  }

  #shown(feed: SourceFeed, frames: number): void {
    if (feed === this.#next) {
      this.#feed?.close();
      this.#last?.close();
      this.#last = this.#next = undefined;
      this.#feed = feed;
      feed.video.classList.add("shown");
    }
    const { video, stream, codec } = feed;
    const drawnMs = performance.timeOrigin + performance.now();
    this.#drawn += frames;
    const burned = this.#clock?.read(video, video.videoWidth, video.videoHeight);
    if (burned !== undefined) this.#ages.push(ageMs(burned, drawnMs));
    const now = performance.now();
    if (this.#drawn > frames && now - this.#toldMs < PROGRESS_EVERY_MS) return;
    this.#toldMs = now;
    const ages = this.#ages;
    this.#ages = [];
    const size = { width: video.videoWidth, height: video.videoHeight };
    this.#heard.progress({ stream, codec, ...size, drawn: this.#drawn, drawnMs, lagMs: feed.lagMs, ages });
  }
}
