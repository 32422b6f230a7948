/** A device's readings: name, value, age where it is old; each can be put on or taken off the charts. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Reading } from "../api/types.ts";
import { ago, shown } from "../words/format.ts";
import { type Metrics, metricLabel, type Names, seriesKey, whichOne } from "../words/metrics.ts";
import { isOld, natural, type Seen } from "../words/state.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { icon } from "./icons.ts";

const MOST_AT_ONCE = 16;

@customElement("reading-list")
export class ReadingList extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  @property({ attribute: false }) metrics: Metrics = new Map();
  @property({ attribute: false }) names: Names = new Map();
  @property({ attribute: false }) charted: ReadonlySet<string> = new Set();

  static override styles = [
    shared,
    css`
      :host {
        overflow: hidden;
      }
      ul {
        overflow: auto;
      }
      /* The last row is cut in half, and a shadow lies on it while there is more: else nobody would scroll. */
      .many {
        max-height: calc(13.5 * (max(40px, var(--target)) + 1px));
        background:
          linear-gradient(var(--surface), var(--surface)) bottom / 100% 24px no-repeat local,
          linear-gradient(transparent, var(--line-strong)) bottom / 100% 12px no-repeat scroll;
      }
      li + li {
        border-top: 1px solid var(--line);
      }
      button {
        display: grid;
        grid-template-columns: 20px minmax(0, 1fr) auto;
        gap: var(--space-2);
        align-items: center;
        width: 100%;
        min-height: max(40px, var(--target));
        padding: var(--space-1) var(--space-4) var(--space-1) var(--space-3);
        border: 0;
        background: none;
        text-align: left;
        font-size: var(--size-2);
        line-height: 1.35;
        cursor: pointer;
      }
      button:hover {
        background: color-mix(in srgb, var(--sunken) 55%, transparent);
      }
      button:focus-visible {
        outline-offset: -2px;
      }
      svg {
        color: var(--line-strong);
      }
      [aria-pressed="true"] svg {
        color: var(--ink);
      }
      .value {
        font-size: var(--size-3);
        font-weight: 500;
        text-align: right;
      }
      .unit,
      .age {
        color: var(--ink-3);
        font-size: var(--size-2);
        font-weight: 400;
      }
      .old .value {
        color: var(--ink-3);
        font-weight: 400;
      }
      .age {
        display: block;
        font-size: var(--size-1);
      }
      .none {
        padding: var(--space-4);
        color: var(--ink-3);
        font-size: var(--size-2);
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const { device } = this.seen;
    // Ports have a table of their own.
    const readings = device.readings
      .filter((each) => each.metric !== "reachable" && !(each.metric.startsWith("port_") && each.instance))
      .sort((a, b) => this.#place(a) - this.#place(b) || natural(a.instance, b.instance));
    if (readings.length === 0) return html`<p class="none">${t("device.readings_none")}</p>`;
    return html`<ul class=${readings.length > MOST_AT_ONCE ? "many" : ""}>
      ${readings.map((each) => this.#row(each))}
    </ul>`;
  }

  #place = ({ metric }: Reading): number => {
    const at = [...this.metrics.keys()].indexOf(metric);
    return at < 0 ? this.metrics.size : at;
  };

  #row(reading: Reading) {
    if (!this.seen) return nothing;
    const metric = this.metrics.get(reading.metric);
    const label = `${metricLabel(metric, reading.metric)}${whichOne(reading, this.names)}`;
    const { text, unit } = shown(metric, reading.metric, reading.value);
    const old = isOld(reading.time_ms, this.seen);
    return html`<li class=${old ? "old" : ""}>
      <button
        aria-pressed=${this.charted.has(seriesKey(reading))}
        title=${t("device.chart_choose", { metric: label })}
        @click=${() => this.#chart(reading)}
      >
        ${icon("chart", 15)}<span>${label}</span
        ><span class="value num"
          >${text}${unit ? html` <span class="unit">${unit}</span>` : nothing}${
            old ? html`<span class="age">${ago(reading.time_ms, this.seen.now)}</span>` : nothing
          }</span
        >
      </button>
    </li>`;
  }

  #chart({ metric, instance }: Reading): void {
    this.dispatchEvent(new CustomEvent("chart", { detail: [{ metric, instance }] }));
  }
}
