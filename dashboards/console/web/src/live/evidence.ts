/** Evidence of one device, asked for when it is shown and again when there is more. What was there stays meanwhile. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ApiError, type Place } from "../api/client.ts";
import { onProven } from "./proven.ts";

const RETRY_MS = 10_000;
/** A recorder's cameras are proven one after another: asked once for all of them. */
const GATHER_MS = 400;

export class EvidenceLoader<E> implements ReactiveController {
  found: E | undefined;
  failed = false;
  readonly #host: ReactiveControllerHost;
  readonly #ask: (place: Place) => Promise<E>;
  #place: Place | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: (() => void) | undefined;

  constructor(host: ReactiveControllerHost, ask: (place: Place) => Promise<E>) {
    this.#host = host;
    this.#ask = ask;
    host.addController(this);
  }

  hostConnected(): void {
    this.#stop = onProven((what) => {
      if (!what || what.ward === this.#place?.ward) this.#later(GATHER_MS);
    });
    if (this.#place) this.#later(0);
  }

  hostDisconnected(): void {
    this.#stop?.();
    clearTimeout(this.#timer);
  }

  of(place: Place): void {
    if (place.ward === this.#place?.ward && place.device === this.#place.device) return;
    this.#place = place;
    this.found = undefined;
    this.#later(0);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#load(), ms);
  }

  async #load(): Promise<void> {
    const place = this.#place;
    if (!place) return;
    try {
      const found = await this.#ask(place);
      if (place !== this.#place) return;
      this.found = found;
      this.failed = false;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (place !== this.#place) return;
      this.failed = true;
      if (error.status !== 401 && error.status !== 404) this.#later(RETRY_MS);
    }
    this.#host.requestUpdate();
  }
}
