/** A device: is it healthy, since when, what happened? */
import { html, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { httpApi } from "../api/client.ts";
import type { Condition, Device, WardPage as WardData } from "../api/types.ts";
import { Part, shared } from "../components/base.ts";
import { deviceFace } from "../components/device-face.ts";
import { firstLine } from "../components/first-line.ts";
import { kindIcon } from "../components/icons.ts";
import { bone, firstLineSkeleton, skeletonStyles } from "../components/page-notes.ts";
import { tones } from "../components/state-mark.ts";
import { now } from "../live/clock.ts";
import { HistoryLoader } from "../live/history.ts";
import { groupByCause } from "../words/causes.ts";
import { moment } from "../words/format.ts";
import { firstSeries, type Metrics, type Names, type Series, seriesKey } from "../words/metrics.ts";
import { RANGES, type RangeName } from "../words/range.ts";
import { deviceAnswer } from "../words/sentences.ts";
import { spansNow } from "../words/series.ts";
import { conditionsOf, type Health, healthOf, lastReadingMs, oldAfterMs, type Seen } from "../words/state.ts";
import { kindWord, t } from "../words/text.ts";
import { deviceStyles } from "./device-styles.ts";
import { pageStyles } from "./page-styles.ts";
import "../components/age-of.ts";
import "../components/condition-line.ts";
import "../components/device-facts.ts";
import "../components/hangs-on.ts";
import "../components/page-notes.ts";
import "../components/poll-button.ts";
import "../components/port-table.ts";
import "../components/reading-chart.ts";
import "../components/reading-list.ts";
import "../components/state-timeline.ts";
import "../components/stream-facts.ts";

const UNHEARD: readonly Health[] = ["off", "unreachable", "stale", "ward_offline"];

@customElement("device-page")
export class DevicePage extends Part {
  @property({ attribute: false }) page: WardData | undefined;
  @property() device = "";
  @property({ attribute: false }) metrics: Metrics = new Map();
  @state() private series: Series[] | undefined;
  #past: HistoryLoader | undefined;
  #of = "";

  static override styles = [shared, tones, skeletonStyles, pageStyles, deviceStyles];

  get #device(): Device | undefined {
    return this.page?.devices.find((each) => each.id === this.device);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const device = this.#device;
    if (!this.page || !device) return;
    const of = `${this.page.ward.id}/${device.id}`;
    if (this.#of !== of) {
      this.#of = of;
      if (this.#past) this.removeController(this.#past);
      this.#past = new HistoryLoader(this, httpApi, { ward: this.page.ward.id, device: device.id });
      this.series = undefined;
    }
    if (!this.series?.length && (this.series === undefined || device.readings.length)) {
      this.series = firstSeries(device.kind, device.readings);
      void this.#past?.begin(this.series);
    }
    const before = changed.get("page");
    if (before) this.#follow(before, device);
  }

  #follow(before: WardData, device: Device): void {
    this.#past?.take(device);
    const told = (page: WardData) => JSON.stringify(page.ward.conditions.filter((each) => each.device === device.id));
    if (this.page && told(before) !== told(this.page)) void this.#past?.loadSpans();
  }

  override render() {
    if (!this.page) return this.#skeleton();
    const { ward, devices } = this.page;
    const device = this.#device;
    if (!device) return html`<page-error first=${t("device.unknown")} next=${t("device.unknown_then")}></page-error>`;
    const seen: Seen = { device, ward, now: now() };
    const says = this.#says(seen);
    return html`${firstLine(deviceAnswer(seen, devices), says)}
      ${device.kind === "camera" ? this.#camera(seen, says) : this.#itself(seen, says)}
      ${this.#ports(seen)} ${this.#history(seen)}
      <section>
        <h2>${t("device.facts")}</h2>
        <device-facts class="panel" .device=${device}></device-facts>
      </section>`;
  }

  #itself(seen: Seen, says: Condition | undefined) {
    return html`${this.#conditions(seen, says)}
      <div class="two">
        <div>${this.#face(seen)} ${this.#hangs(seen)}</div>
        ${this.#readings(seen)}
      </div>
      ${this.#evidence(seen)}`;
  }

  /** A camera is what it sees: the picture first, and beside it what is known of the camera. */
  #camera(seen: Seen, says: Condition | undefined) {
    void import("../components/camera-view.ts");
    return html`<div class="two camera">
        <section><camera-view .seen=${seen}></camera-view></section>
        <div>${this.#face(seen)} ${this.#hangs(seen)}</div>
      </div>
      ${this.#conditions(seen, says)} ${this.#evidence(seen)}
      ${seen.device.readings.length ? this.#readings(seen) : nothing}`;
  }

  /** What a camera or a recorder is trusted by; its own part of the program, for those who look at one. */
  #evidence(seen: Seen) {
    if (seen.device.kind === "camera") {
      void import("../components/camera-evidence.ts");
      return html`<camera-evidence .seen=${seen}></camera-evidence>`;
    }
    if (seen.device.kind !== "recorder") return nothing;
    void import("../components/recorder-evidence.ts");
    return html`<recorder-evidence .seen=${seen} .devices=${this.page?.devices ?? []}></recorder-evidence>`;
  }

  #face(seen: Seen) {
    const { device } = seen;
    return html`<section>
      <h2>${UNHEARD.includes(healthOf(seen)) ? t("device.last_known") : t("device.now")}</h2>
      <div class="panel face" data-testid="device-${device.id}">
        ${this.#head(seen)} ${
          device.kind === "camera"
            ? html`<stream-facts .seen=${seen}></stream-facts>`
            : deviceFace(seen, this.metrics, true, this.#names)
        }
        ${
          device.reason?.detail
            ? html`<p class="label">${t("device.detail", { detail: device.reason.detail })}</p>`
            : nothing
        }
      </div>
    </section>`;
  }

  #hangs(seen: Seen) {
    return html`<section>
      <h2>${t("device.hangs")}</h2>
      <hangs-on class="panel" .seen=${seen} .devices=${this.page?.devices ?? []}></hangs-on>
    </section>`;
  }

  get #names(): Names {
    return new Map(this.page?.devices.map(({ id, name }) => [id, name]));
  }

  #readings(seen: Seen) {
    return html`<section>
      <h2>${t("device.readings")}</h2>
      <reading-list
        class="panel"
        .seen=${seen}
        .metrics=${this.metrics}
        .names=${this.#names}
        .charted=${new Set(this.series?.map(seriesKey))}
        @chart=${this.#toggle}
      ></reading-list>
    </section>`;
  }

  #head(seen: Seen) {
    const { device } = seen;
    const last = lastReadingMs(device);
    const old = UNHEARD.includes(healthOf(seen));
    return html`<div class="head">
      ${kindIcon(device.kind, 22)}
      <div>
        <p class="name">${device.name}</p>
        <p class="label">${[kindWord(device.kind), device.location].filter(Boolean).join(" · ")}</p>
      </div>
      <div class="ask">
        <poll-button .seen=${seen}></poll-button>
        <p class="label ${old ? "old" : ""}">
          ${
            last === null
              ? t("face.no_values")
              : old
                ? t("time.as_of", { time: moment(last, seen.now) })
                : html`<age-of .time=${last}></age-of>`
          }
        </p>
      </div>
    </div>`;
  }

  /** The condition that the first line puts in words. */
  #says(seen: Seen): Condition | undefined {
    const open = conditionsOf(seen);
    const health = healthOf(seen);
    if (health === "unreachable") return open.find((each) => each.rule === "unreachable");
    return health === "attention" || health === "failure" || health === "info" ? open[0] : undefined;
  }

  /** The others; and what the first brought about, if anything. */
  #conditions(seen: Seen, says: Condition | undefined) {
    const open = conditionsOf(seen);
    // On its own page each condition stands for itself; what hangs on the device is told with its cause.
    const causes = groupByCause(seen.ward.conditions).filter(({ root }) => root.device === seen.device.id);
    const told = new Set(causes.flatMap(({ root, also }) => [root, ...also]));
    const others = open.filter((each) => !told.has(each)).map((root) => ({ root, also: [], consequences: [] }));
    const shown = [...causes, ...others].filter(
      ({ root, also, consequences }) => root !== says || also.length > 0 || consequences.length > 0,
    );
    if (shown.length === 0) return nothing;
    return html`<section aria-label=${t("device.conditions")}>
      <div class="panel rows">
        ${repeat(
          shown,
          ({ root }) => `${root.rule} ${root.instance}`,
          (cause) =>
            html`<condition-line own .cause=${cause} .device=${seen.device} .now=${seen.now}></condition-line>`,
        )}
      </div>
    </section>`;
  }

  #ports(seen: Seen) {
    if (!seen.device.readings.some((each) => each.metric === "port_up")) return nothing;
    return html`<section>
      <h2>${t("device.ports")}</h2>
      <port-table
        class="panel"
        .seen=${seen}
        .metrics=${this.metrics}
        .charted=${new Set(this.series?.map(seriesKey))}
        @chart=${this.#toggle}
      ></port-table>
    </section>`;
  }

  #history(seen: Seen) {
    const past = this.#past;
    if (!past) return nothing;
    const spans = past.spans && spansNow(past.spans, conditionsOf(seen), past.to);
    return html`<section>
      <div class="title">
        <h2>${t("device.history")}</h2>
        <div class="ranges" role="group" aria-label=${t("range.label")}>
          ${RANGES.map(
            (range) => html`<button aria-pressed=${range === past.range} @click=${() => this.#show(range)}>
              ${t(`range.${range}`)}
            </button>`,
          )}
        </div>
      </div>
      <div class="panel charts">
        <state-timeline .spans=${spans} .names=${this.#names} .from=${past.from} .to=${past.to}></state-timeline>
        ${repeat(this.series ?? [], seriesKey, (series) => {
          const { history, failed } = past.past(series);
          return html`<reading-chart
            name=${series.metric}
            instance=${series.instance}
            .metric=${this.metrics.get(series.metric)}
            .names=${this.#names}
            .history=${history}
            .failed=${failed}
            .spans=${spans ?? []}
            .from=${past.from}
            .to=${past.to}
            .gap=${oldAfterMs(seen.device)}
          ></reading-chart>`;
        })}
      </div>
    </section>`;
  }

  #show(range: RangeName): void {
    void this.#past?.show(range, this.series ?? []);
  }

  #toggle = (event: CustomEvent<Series[]>): void => {
    const asked = event.detail;
    const shown = new Set(this.series?.map(seriesKey));
    if (asked.every((each) => shown.has(seriesKey(each)))) {
      const gone = new Set(asked.map(seriesKey));
      this.series = this.series?.filter((each) => !gone.has(seriesKey(each)));
      return;
    }
    const fresh = asked.filter((each) => !shown.has(seriesKey(each)));
    this.series = [...(this.series ?? []), ...fresh];
    for (const each of fresh) void this.#past?.load(each);
  };

  #skeleton() {
    return html`${firstLineSkeleton()}
      <div class="two">
        <section>${bone("100%", "220px")}</section>
        <section><h2>${t("device.readings")}</h2>${bone("100%", "190px")}</section>
      </div>
      <section><h2>${t("device.history")}</h2>${bone("100%", "340px")}</section>`;
  }
}

declare global {
  interface HTMLElementEventMap {
    chart: CustomEvent<Series[]>;
  }
}
