/**
 * Server-sent events (WHATWG HTML, 9.2) over fetch: unlike EventSource it shows each break, sends Last-Event-ID
 * from the first request on, waits longer each time, and notices a connection that has gone silent.
 */

export interface StreamEvent {
  id: string;
  type: string;
  data: string;
}

/** Cuts a byte stream's text into events. Lines may end in LF, CR or CRLF; a chunk may end anywhere. */
export class EventParser {
  /** Where to go on from: the id of the last whole event, or of a heartbeat that carried one. */
  lastId: string;
  #rest = "";
  #id: string;
  #type = "";
  #data: string[] = [];

  constructor(lastId = "") {
    this.#id = lastId;
    this.lastId = lastId;
  }

  push(chunk: string): StreamEvent[] {
    const text = this.#rest + chunk;
    // A CR at the very end may be half of a CRLF.
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + text.slice(whole.length);
    const events: StreamEvent[] = [];
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line: string): StreamEvent | undefined {
    if (line === "") {
      this.lastId = this.#id;
      const event = { id: this.#id, type: this.#type || "message", data: this.#data.join("\n") };
      const told = this.#data.length > 0 || this.#type !== "";
      this.#type = "";
      this.#data = [];
      return told ? event : undefined;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") this.#id = value;
    else if (field === "event") this.#type = value;
    else if (field === "data") this.#data.push(value);
    return undefined;
  }
}

export type StreamState = "connecting" | "live" | "lost";

export interface StreamHandlers {
  event(event: StreamEvent): void;
  state(state: StreamState): void;
  refused(status: number): void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;
const SILENT_AFTER_MS = 45_000;

/** How long to wait before attempt `n` (1, 2, …), with jitter so that a hall of screens does not knock at once. */
export function waitMs(attempt: number, random: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1)) * (0.75 + random / 2);
}

/** One stream that keeps itself connected until close(). */
export class EventStream {
  readonly #address: string;
  readonly #handlers: StreamHandlers;
  #lastId: string;
  #attempt = 0;
  #abort = new AbortController();
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(address: string, lastId: string, handlers: StreamHandlers) {
    this.#address = address;
    this.#lastId = lastId;
    this.#handlers = handlers;
    globalThis.addEventListener?.("online", this.#hurry);
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    globalThis.removeEventListener?.("online", this.#hurry);
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  #hurry = (): void => {
    if (this.#timer === undefined || this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#connect();
  };

  async #connect(): Promise<void> {
    this.#abort = new AbortController();
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.#abort.abort(), SILENT_AFTER_MS);
    };
    try {
      heard();
      await this.#read(heard);
    } catch (error) {
      if (!this.#closed && !(error instanceof DOMException || error instanceof TypeError)) throw error;
    } finally {
      clearTimeout(silence);
    }
    if (!this.#closed) this.#again();
  }

  async #read(heard: () => void): Promise<void> {
    const join = this.#address.includes("?") ? "&" : "?";
    const answer = await fetch(`${this.#address}${join}last_event_id=${encodeURIComponent(this.#lastId)}`, {
      headers: { Accept: "text/event-stream", "Last-Event-ID": this.#lastId },
      credentials: "same-origin",
      cache: "no-store",
      signal: this.#abort.signal,
    });
    if (!answer.ok || !answer.body) {
      if (answer.status === 401 || answer.status === 404) {
        this.close();
        this.#handlers.refused(answer.status);
      }
      return;
    }
    this.#attempt = 0;
    this.#handlers.state("live");
    const parser = new EventParser(this.#lastId);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      heard();
      const events = parser.push(part.value);
      this.#lastId = parser.lastId;
      for (const event of events) {
        if (this.#closed) return;
        this.#handlers.event(event);
      }
    }
  }

  #again(): void {
    this.#attempt += 1;
    this.#handlers.state("lost");
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        void this.#connect();
      },
      waitMs(this.#attempt, Math.random()),
    );
  }
}
