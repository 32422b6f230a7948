/** One stream in one <video>: connection, source buffer, and staying at the live edge. */
import { keepUp } from "./edge.ts";
import { Link } from "./link.ts";
import type { StreamName } from "./messages.ts";
import { type Note, type Segment, segmentOf } from "./records.ts";

export interface SourceHandlers {
  /** So many frames more were put before the eye. */
  shown(frames: number): void;
  note(note: Note): void;
  connected(yes: boolean, reason: string): void;
}

const EDGE_EVERY_MS = 100;
const MOST_WAITING = 500;

interface Managed {
  ManagedMediaSource?: typeof MediaSource;
}

const Source = (): typeof MediaSource | undefined =>
  (globalThis as Managed).ManagedMediaSource ?? globalThis.MediaSource;

export const canPlayInVideo = (): boolean => Source() !== undefined;

export class SourceFeed {
  readonly stream: StreamName;
  readonly video = document.createElement("video");
  codec = "";
  readonly #target: number;
  readonly #handlers: SourceHandlers;
  readonly #link: Link;
  readonly #edge: ReturnType<typeof setInterval>;
  #source: MediaSource | undefined;
  #buffer: SourceBuffer | undefined;
  #address = "";
  #waiting: Segment[] = [];
  #appending: number | undefined;
  #presented = 0;
  /** Another connection counts its time anew: what is there from the one before must go first. */
  #outdated = false;
  #closed = false;

  constructor(stream: StreamName, address: string, target: number, handlers: SourceHandlers) {
    this.stream = stream;
    this.#target = target;
    this.#handlers = handlers;
    Object.assign(this.video, { muted: true, playsInline: true, disableRemotePlayback: true });
    this.video.onerror = () => this.#broken(this.video.error?.message ?? "the video failed");
    this.#open();
    this.#count();
    this.#link = new Link(address, {
      bytes: (message) => this.#take(segmentOf(message)),
      note: (note) => this.#note(note),
      connected: (yes, reason) => {
        if (yes) this.#waiting = [];
        if (yes) this.#outdated = true;
        handlers.connected(yes, reason);
      },
    });
    this.#edge = setInterval(() => this.#steer(), EDGE_EVERY_MS);
  }

  /** How far what is shown is behind the newest that came, beyond what is kept by intent. */
  get lagMs(): number {
    const { buffered, currentTime } = this.video;
    return buffered.length ? Math.max(0, (buffered.end(buffered.length - 1) - currentTime - this.#target) * 1000) : 0;
  }

  hurry(): void {
    this.#link.hurry();
  }

  /** No more frames; the last one stays. */
  stop(): void {
    this.#closed = true;
    clearInterval(this.#edge);
    this.#link.close();
    this.#waiting = [];
    this.video.onerror = null;
    this.video.pause();
  }

  close(): void {
    this.stop();
    this.video.remove();
    this.video.removeAttribute("src");
    this.video.load();
    URL.revokeObjectURL(this.#address);
  }

  #open(): void {
    const Made = Source();
    if (!Made) throw new Error("no media source here");
    URL.revokeObjectURL(this.#address);
    const source = new Made();
    this.#source = source;
    this.#buffer = undefined;
    this.#address = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => this.#append(), { once: true });
    this.video.src = this.#address;
  }

  #note(note: Note): void {
    if (note.type === "stream") this.codec = note.codec;
    this.#handlers.note(note);
  }

  #take(segment: Segment): void {
    this.#waiting.push(segment);
    if (this.#waiting.length > MOST_WAITING) this.#broken("the browser takes no more frames");
    else this.#append();
  }

  /** The next segment, when the buffer is free. Before an init segment the buffer is told of its codec. */
  #append(): void {
    const source = this.#source;
    if (this.#closed || source?.readyState !== "open" || this.#buffer?.updating) return;
    const segment = this.#waiting[0];
    if (!segment) return;
    const type = `video/mp4; codecs="${this.codec}"`;
    try {
      if (segment.init && this.#buffer && this.#outdated) {
        this.#outdated = false;
        this.#buffer.remove(0, Number.POSITIVE_INFINITY);
        return;
      }
      if (segment.init && this.#buffer) this.#buffer.changeType(type);
      else if (segment.init) this.#begin(source, type);
      if (this.#buffer) this.#buffer.appendBuffer(segment.data);
      this.#appending = segment.sequence;
      this.#waiting.shift();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      // QuotaExceededError: the next look at the edge makes room; what could not be taken waits.
      if (error.name !== "QuotaExceededError") this.#refused(error, type);
    }
  }

  #begin(source: MediaSource, type: string): void {
    const buffer = source.addSourceBuffer(type);
    buffer.addEventListener("updateend", () => {
      if (buffer !== this.#buffer) return;
      if (this.#appending !== undefined) this.#link.processed(this.#appending);
      this.#appending = undefined;
      this.#play();
      this.#append();
    });
    this.#buffer = buffer;
    this.#outdated = false;
  }

  #play(): void {
    if (!this.video.paused) return;
    // Muted video may play by itself; where a browser still forbids it, or the source changes, it is tried again.
    this.video.play().catch((error: DOMException) => console.debug(`not playing yet: ${error.message}`));
  }

  #refused(error: DOMException, type: string): void {
    if (error.name === "NotSupportedError") {
      const note = { type: "trouble", codec: this.codec, width: 0, height: 0 } as const;
      this.#handlers.note({ ...note, reason: "not_playable", detail: type });
      this.#waiting = [];
    } else this.#broken(error.message);
  }

  /** Everything anew, from the stream's beginning: a source that failed cannot go on. */
  #broken(why: string): void {
    if (this.#closed) return;
    console.warn(`playing ${this.codec}: ${why}`);
    this.#waiting = [];
    this.#appending = undefined;
    this.#presented = 0;
    this.#open();
    this.#link.restart();
  }

  #steer(): void {
    const { video } = this;
    const { buffered } = video;
    if (buffered.length === 0 || video.seeking) return;
    const last = buffered.length - 1;
    const at = { start: buffered.start(last), end: buffered.end(last), oldest: buffered.start(0) };
    const move = keepUp({ ...at, currentTime: video.currentTime }, this.#target);
    if (video.playbackRate !== move.rate) video.playbackRate = move.rate;
    if (move.seekTo !== undefined) video.currentTime = move.seekTo;
    if (move.removeBefore !== undefined && this.#buffer && !this.#buffer.updating) {
      this.#buffer.remove(0, move.removeBefore);
    }
    this.#append();
  }

  #count(): void {
    const { video } = this;
    if (typeof video.requestVideoFrameCallback === "function") {
      const next: VideoFrameRequestCallback = (_now, { presentedFrames }) => {
        if (this.#closed) return;
        this.#handlers.shown(Math.max(1, presentedFrames - this.#presented));
        this.#presented = presentedFrames;
        video.requestVideoFrameCallback(next);
      };
      video.requestVideoFrameCallback(next);
      return;
    }
    const look = setInterval(() => {
      if (this.#closed) clearInterval(look);
      const { totalVideoFrames: all, droppedVideoFrames: dropped } = video.getVideoPlaybackQuality();
      const shown = all - dropped;
      if (shown > this.#presented) this.#handlers.shown(shown - this.#presented);
      this.#presented = shown;
    }, EDGE_EVERY_MS);
  }
}
