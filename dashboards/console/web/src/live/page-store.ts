/** A page's data, kept fresh: one GET, then the event stream from exactly that answer on. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ApiError } from "../api/client.ts";
import { setNow } from "./clock.ts";
import type { Reducer } from "./reducers.ts";
import { EventStream, type StreamEvent, type StreamState } from "./sse.ts";

interface Page {
  now_ms: number;
  last_event_id: string;
}

export interface PageSource<P extends Page> {
  fetch(): Promise<P>;
  events: string;
  reduce: Reducer<P>;
  changed?(before: P, after: P): void;
  /** Each event, and null where some may have been missed. */
  heard?(event: StreamEvent | null): void;
  refused(): void;
}

const RETRY_MS = 5_000;

export class PageStore<P extends Page> implements ReactiveController {
  page: P | undefined;
  error: ApiError | undefined;
  stream: StreamState = "connecting";
  readonly #host: ReactiveControllerHost;
  readonly source: PageSource<P>;
  #events: EventStream | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #open = false;

  constructor(host: ReactiveControllerHost, source: PageSource<P>) {
    this.#host = host;
    this.source = source;
    host.addController(this);
  }

  hostConnected(): void {
    this.#open = true;
    void this.load();
  }

  hostDisconnected(): void {
    this.#open = false;
    this.#events?.close();
    clearTimeout(this.#retry);
  }

  /** Asks for the page (again) and goes on from there. */
  async load(): Promise<void> {
    this.#events?.close();
    clearTimeout(this.#retry);
    try {
      const page = await this.source.fetch();
      if (!this.#open) return;
      setNow(page.now_ms);
      const before = this.page;
      this.page = page;
      this.error = undefined;
      if (before) {
        this.source.changed?.(before, page);
        this.source.heard?.(null);
      }
      this.#follow(page.last_event_id);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#failed(error);
    }
    this.#host.requestUpdate();
  }

  #failed(error: ApiError): void {
    if (!this.#open) return;
    if (error.status === 401) {
      this.source.refused();
      return;
    }
    this.error = error;
    this.stream = "lost";
    if (error.status !== 404) this.#retry = setTimeout(() => void this.load(), RETRY_MS);
  }

  #follow(lastId: string): void {
    this.#events = new EventStream(this.source.events, lastId, {
      state: (state) => {
        this.stream = state;
        this.#host.requestUpdate();
      },
      refused: (status) => (status === 401 ? this.source.refused() : void this.load()),
      event: (event) => {
        if (!this.page) return;
        this.source.heard?.(event);
        const outcome = this.source.reduce(this.page, event);
        if (outcome === "reset") void this.load();
        else if (outcome !== "nothing") {
          const before = this.page;
          this.page = outcome.page;
          this.source.changed?.(before, outcome.page);
          this.#host.requestUpdate();
        }
      },
    });
  }
}
