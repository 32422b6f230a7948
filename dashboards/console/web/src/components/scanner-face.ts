/** A scanner is its lid and its glass: ready, at work or stopped, and how much it has scanned. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { number } from "../words/format.ts";
import { healthOf } from "../words/state.ts";
import { type TextKey, t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles } from "./face.ts";
import { icon } from "./icons.ts";

const STATES: Record<number, TextKey> = { 0: "scanner.idle", 1: "scanner.busy", 2: "scanner.stopped" };

@customElement("scanner-face")
export class ScannerFace extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .scanner {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--space-4);
        align-items: center;
      }
      svg.drawn {
        width: 68px;
        height: auto;
      }
      :host([large]) svg.drawn {
        width: 120px;
      }
      .line {
        fill: none;
        stroke: var(--mark);
        stroke-width: 1.6;
        stroke-linejoin: round;
        stroke-linecap: round;
      }
      .glass {
        fill: var(--mark);
        opacity: 0.16;
      }
      .beam {
        stroke: none;
      }
      .busy .beam {
        stroke: var(--info-mark);
        stroke-width: 2.4;
        stroke-linecap: round;
      }
      .off .line {
        stroke: var(--line-strong);
        stroke-dasharray: 3 2.5;
      }
      .off .glass {
        fill: none;
      }
      .state {
        color: var(--ink);
        font-weight: 500;
      }
      .old .state {
        color: var(--ink-3);
      }
      .trouble {
        display: flex;
        align-items: center;
        gap: 6px;
        color: var(--failure);
        font-weight: 600;
      }
      .trouble svg {
        color: var(--failure-mark);
      }
      .old .trouble,
      .old .trouble svg {
        color: var(--ink-3);
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const health = healthOf(this.seen);
    const off = ["off", "unreachable", "unpolled"].includes(health);
    const old = off || health === "ward_offline" || health === "stale";
    const state = this.value("scanner_state");
    const key = state && STATES[state.value];
    const scans = this.value("scans_total") ?? this.value("pages_total");
    const troubles = [
      this.value("scanner_jammed")?.value === 1 && t("scanner.jam"),
      this.value("scanner_door_open")?.value === 1 && t("scanner.door"),
    ].filter(Boolean);
    const busy = !old && state?.value === 1;
    return html`<div class="scanner ${off ? "off" : ""} ${old ? "old" : ""} ${busy ? "busy" : ""}">
      <svg class="drawn" viewBox="0 0 72 46" aria-hidden="true">
        <path class="glass" d="M8 29h56l4 11H4z" />
        <path class="line" d="M6 28h60l4 12v3H2v-3zM6 28 15 4h51v4L20 12" />
        <path class="beam" d="M14 35h44" />
      </svg>
      <div>
        ${troubles.map((words) => html`<p class="trouble">${icon("attention", 15)}${words}</p>`)}
        ${key && troubles.length === 0 ? html`<p class="state">${t(key)}</p>` : nothing}
        ${scans ? html`<p class="num quiet">${t("scanner.scans", { n: number(scans.value) })}</p>` : nothing}
        ${key || scans || troubles.length ? nothing : html`<p class="quiet">${t(old ? "face.no_values" : "face.answers")}</p>`}
      </div>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "scanner-face": ScannerFace;
  }
}
