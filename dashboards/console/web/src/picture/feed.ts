/** One stream on its way to a canvas, inside the worker: connection, pacing, decoder. */
import { LagMeter } from "./lag.ts";
import { Link } from "./link.ts";
import type { StreamName } from "./messages.ts";
import { Pacer } from "./pacing.ts";
import { codecOf, type Frame, framesOf, type Note } from "./records.ts";

export interface FeedHandlers {
  /** A decoded frame to draw; the receiver closes it. */
  drawn(feed: Feed, frame: VideoFrame, lagMs: number): void;
  note(feed: Feed, note: Note): void;
  connected(feed: Feed, yes: boolean, reason: string): void;
}

/** With more than this still to decode, a frame is not worth the drawing. */
const MOST_QUEUED = 2;
const TICK_MS = 12;
/** A decoder that fails on one keyframe after another cannot play this stream. */
const MOST_FAILURES = 5;

export class Feed {
  readonly stream: StreamName;
  codec = "";
  readonly #handlers: FeedHandlers;
  readonly #link: Link;
  readonly #pacer = new Pacer();
  readonly #lag = new LagMeter();
  #decoder: VideoDecoder | undefined;
  #inside: { sequence: number; timestampUs: number }[] = [];
  #waits = true;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(stream: StreamName, address: string, handlers: FeedHandlers) {
    this.stream = stream;
    this.#handlers = handlers;
    this.#link = new Link(address, {
      bytes: (message) => this.#take(message),
      note: (note) => handlers.note(this, note),
      connected: (yes, reason) => {
        if (yes) this.#begin();
        handlers.connected(this, yes, reason);
      },
    });
  }

  close(): void {
    this.#closed = true;
    this.#link.close();
    clearTimeout(this.#timer);
    this.#pacer.clear();
    this.#release();
  }

  hurry(): void {
    this.#link.hurry();
  }

  #begin(): void {
    this.#pacer.clear();
    this.#lag.reset();
    this.#inside = [];
    this.#waits = true;
  }

  #take(message: ArrayBuffer): void {
    this.#pacer.push(framesOf(message), performance.now());
    this.#turn();
  }

  #turn = (): void => {
    this.#timer = undefined;
    for (const frame of this.#pacer.take(performance.now())) this.#decode(frame);
    if (this.#pacer.length > 0 && !this.#closed) this.#timer ??= setTimeout(this.#turn, TICK_MS);
  };

  #decode(frame: Frame): void {
    if (frame.droppedBefore && !frame.keyframe) this.#waits = true;
    if (frame.keyframe) this.#prepare(frame);
    const decoder = this.#decoder;
    if (!decoder || (this.#waits && !frame.keyframe)) {
      this.#link.processed(frame.sequence);
      return;
    }
    this.#waits = false;
    this.#inside.push({ sequence: frame.sequence, timestampUs: frame.timestampUs });
    const type = frame.keyframe ? "key" : "delta";
    try {
      decoder.decode(new EncodedVideoChunk({ type, timestamp: frame.timestampUs, data: frame.data }));
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
      this.#failed(decoder, error);
    }
  }

  /** A decoder that knows this keyframe's codec. */
  #prepare(frame: Frame): void {
    const codec = codecOf(frame.data) || this.codec;
    if (!codec || (this.#decoder?.state === "configured" && codec === this.codec)) return;
    this.#release();
    this.codec = codec;
    const decoder: VideoDecoder = new VideoDecoder({
      output: (decoded) => this.#decoded(decoder, decoded),
      error: (error) => this.#failed(decoder, error),
    });
    decoder.configure({ codec, optimizeForLatency: true });
    this.#decoder = decoder;
  }

  #decoded(decoder: VideoDecoder, frame: VideoFrame): void {
    if (decoder !== this.#decoder) {
      frame.close();
      return;
    }
    this.#failures = 0;
    const at = this.#inside.findIndex((each) => each.timestampUs === frame.timestamp);
    const done = at < 0 ? undefined : this.#inside.splice(0, at + 1).at(-1);
    const lag = this.#lag.shown(frame.timestamp, performance.now());
    if (decoder.decodeQueueSize > MOST_QUEUED) frame.close();
    else this.#handlers.drawn(this, frame, lag);
    if (done) this.#link.processed(done.sequence);
  }

  #failed(decoder: VideoDecoder, error: Error): void {
    if (decoder !== this.#decoder) return;
    console.warn(`decoding ${this.codec}: ${error.message}`);
    const newest = this.#inside.at(-1);
    this.#release();
    this.#waits = true;
    this.#failures += 1;
    if (newest) this.#link.processed(newest.sequence);
    if (this.#failures < MOST_FAILURES) return;
    const note = { type: "trouble", codec: this.codec, width: 0, height: 0, detail: error.message } as const;
    this.#handlers.note(this, { ...note, reason: "not_playable" });
  }

  #release(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    this.#inside = [];
    if (decoder && decoder.state !== "closed") decoder.close();
  }
}
