/** One live WebSocket that keeps itself connected, in a worker or in the page. */
import { AckPacer } from "./acks.ts";
import { ackOf, type Note, noteOf, RecordError } from "./records.ts";

export interface LinkHandlers {
  /** Each binary message, in order. */
  bytes(message: ArrayBuffer): void;
  note(note: Note): void;
  /** Connected, or not any more; `reason` where the hub said why it closed: a code of the API's problems. */
  connected(yes: boolean, reason: string): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** The hub repeats what is wrong, and a stream has frames: longer silence is a line that died without a word. */
const SILENT_AFTER_MS = 15_000;
/** Close codes from 4400 on are HTTP's errors: asking again soon changes nothing. */
const REFUSED = 4_400;

/** How long to wait before attempt `n` (1, 2, …). */
export function retryMs(attempt: number, random: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1)) * (0.8 + random * 0.2);
}

export class Link {
  readonly #address: string;
  readonly #handlers: LinkHandlers;
  readonly #acks = new AckPacer();
  #socket: WebSocket | undefined;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #owed: ReturnType<typeof setTimeout> | undefined;
  #heardMs = 0;
  #closed = false;

  constructor(address: string, handlers: LinkHandlers) {
    this.#address = address;
    this.#handlers = handlers;
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#drop();
  }

  /** Do not wait out the pause before the next attempt: something changed for the better. */
  hurry(): void {
    if (this.#retry === undefined || this.#closed) return;
    clearTimeout(this.#retry);
    this.#attempt = 0;
    this.#connect();
  }

  /** Begin anew, with a fresh start of the stream. */
  restart(): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#drop();
    this.#again("");
  }

  /** This frame has been processed. */
  processed(sequence: number): void {
    this.#acks.processed(sequence);
    this.#acknowledge();
  }

  #acknowledge(): void {
    const now = performance.now();
    const sequence = this.#acks.take(now);
    if (sequence !== undefined && this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(ackOf(sequence));
    const due = this.#acks.dueInMs(now);
    if (due === undefined || this.#owed !== undefined) return;
    this.#owed = setTimeout(() => {
      this.#owed = undefined;
      this.#acknowledge();
    }, due + 1);
  }

  #connect(): void {
    this.#retry = undefined;
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    this.#acks.reset();
    socket.binaryType = "arraybuffer";
    this.#watch();
    socket.onopen = () => this.#handlers.connected(true, "");
    socket.onmessage = ({ data }) => this.#heard(data as ArrayBuffer | string);
    socket.onclose = ({ code, reason }) => {
      this.#drop();
      this.#again(code >= REFUSED ? (reason.split(":")[0] ?? "") : "", code >= REFUSED);
    };
  }

  #heard(message: ArrayBuffer | string): void {
    this.#heardMs = performance.now();
    try {
      if (typeof message === "string") this.#handlers.note(noteOf(message));
      else {
        this.#attempt = 0;
        this.#handlers.bytes(message);
      }
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      console.error(`${this.#address}: ${error.message}`);
      this.restart();
    }
  }

  /** One timer for a whole connection, not one for each message. */
  #watch(): void {
    clearTimeout(this.#silence);
    this.#heardMs = performance.now();
    const look = () => {
      const left = this.#heardMs + SILENT_AFTER_MS - performance.now();
      if (left <= 0) this.restart();
      else this.#silence = setTimeout(look, left + 1);
    };
    this.#silence = setTimeout(look, SILENT_AFTER_MS);
  }

  #drop(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#owed);
    this.#owed = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #again(reason: string, refused = false): void {
    if (this.#closed) return;
    this.#attempt += 1;
    this.#handlers.connected(false, reason);
    const wait = refused ? LONGEST_WAIT_MS : retryMs(this.#attempt, Math.random());
    this.#retry = setTimeout(() => this.#connect(), wait);
  }
}
