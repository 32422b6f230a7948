/** A device page's past: the chosen series and the conditions of one range, kept going by live readings. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Api, ApiError, type Place } from "../api/client.ts";
import type { ConditionSpan, Device, History } from "../api/types.ts";
import { type Series, seriesKey } from "../words/metrics.ts";
import { type RangeName, rangeMs } from "../words/range.ts";
import { withReading } from "../words/series.ts";
import { now } from "./clock.ts";

export interface Past {
  history: History | undefined;
  failed: boolean;
}

const SLIDE_MS = 30_000;

export class HistoryLoader implements ReactiveController {
  range: RangeName = "24h";
  to = now();
  spans: ConditionSpan[] | undefined;
  readonly #host: ReactiveControllerHost;
  readonly #api: Api;
  #place: Place;
  #past = new Map<string, Past>();
  #asked = 0;
  /** The reader chose no range yet. */
  #unchosen = true;

  constructor(host: ReactiveControllerHost, api: Api, place: Place) {
    this.#host = host;
    this.#api = api;
    this.#place = place;
    host.addController(this);
  }

  hostConnected(): void {}

  get from(): number {
    return this.to - rangeMs(this.range);
  }

  past(series: Series): Past {
    return this.#past.get(seriesKey(series)) ?? { history: undefined, failed: false };
  }

  /** A day; or the last hour where there is no more yet, so that a new ward's charts are not all but empty. */
  async begin(wanted: readonly Series[]): Promise<void> {
    await this.#load("24h", wanted);
    if (this.#unchosen && this.#young()) await this.#load("1h", wanted, true);
  }

  /** The reader's choice. */
  show(range: RangeName, wanted: readonly Series[]): Promise<void> {
    this.#unchosen = false;
    return this.#load(range, wanted);
  }

  #young(): boolean {
    const began = [...this.#past.values()].flatMap(({ history }) => history?.times_ms[0] ?? []);
    return began.length > 0 && Math.min(...began) > this.to - rangeMs("1h");
  }

  /** From now back: everything is asked for again. What was there stays until the answer comes. */
  async #load(range: RangeName, wanted: readonly Series[], keep = false): Promise<void> {
    if (range !== this.range && !keep) this.#past.clear();
    this.range = range;
    this.to = now();
    this.#asked += 1;
    this.#host.requestUpdate();
    await Promise.all([this.loadSpans(), ...wanted.map((each) => this.load(each))]);
  }

  async load(series: Series): Promise<void> {
    const asked = this.#asked;
    const past: Past = { history: undefined, failed: false };
    try {
      past.history = await this.#api.history(this.#place, series.metric, series.instance, this.from, this.to);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      past.failed = true;
    }
    if (asked !== this.#asked) return;
    this.#past.set(seriesKey(series), past);
    this.#host.requestUpdate();
  }

  async loadSpans(): Promise<void> {
    const asked = this.#asked;
    // A condition that has just appeared is newer than what the charts show.
    this.to = Math.max(this.to, now());
    try {
      const spans = await this.#api.conditions(this.#place, this.from, this.to);
      if (asked === this.#asked) this.spans = spans;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.spans ??= [];
    }
    this.#host.requestUpdate();
  }

  /** Takes the device's newest readings into the series on show. */
  take(device: Device): void {
    let grown = false;
    for (const { metric, instance, value, time_ms } of device.readings) {
      const key = seriesKey({ metric, instance });
      const past = this.#past.get(key);
      if (!past?.history) continue;
      const history = withReading(past.history, time_ms, value);
      if (history === past.history) continue;
      this.#past.set(key, { ...past, history });
      grown = true;
    }
    if (grown && now() - this.to > SLIDE_MS) this.to = now();
  }
}
