/** Any other device: its two or three most telling figures. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Metric } from "../api/types.ts";
import { shown } from "../words/format.ts";
import { metricLabel } from "../words/metrics.ts";
import { healthOf } from "../words/state.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles } from "./face.ts";

const TELLING = [
  "temperature_celsius",
  "humidity_percent",
  "packet_loss_percent",
  "rtt_seconds",
  "interfaces_up",
  "cpu_load_percent",
  "memory_used_percent",
  "disk_used_percent",
  "output_load_percent",
  "uptime_seconds",
];
const MOST = 2;

@customElement("plain-face")
export class PlainFace extends Face {
  @property({ attribute: false }) metrics: ReadonlyMap<string, Metric> = new Map();

  static override styles = [
    shared,
    faceStyles,
    css`
      .figures {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2) var(--space-6);
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const { device } = this.seen;
    const figures = TELLING.flatMap((name) => device.readings.find((each) => each.metric === name) ?? []).slice(
      0,
      MOST,
    );
    if (figures.length === 0) {
      const answers = ["ok", "info", "attention"].includes(healthOf(this.seen));
      return html`<p class="quiet">${answers ? t("face.answers") : t("face.no_values")}</p>`;
    }
    return html`<div class="figures">
      ${figures.map((each) => {
        const metric = this.metrics.get(each.metric);
        const { text, unit } = shown(metric, each.metric, each.value);
        const old = this.value(each.metric, each.instance)?.old;
        return html`<div class=${old ? "old" : ""}>
          <p class="big">${text} <small>${unit}</small></p>
          <p class="quiet">${metricLabel(metric, each.metric)}${each.instance ? ` · ${each.instance}` : nothing}</p>
        </div>`;
      })}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "plain-face": PlainFace;
  }
}
