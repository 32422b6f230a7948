/** A line to the city is a way from the ward to the city: whole or cut, in use or waiting, and what it costs in time. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { number } from "../words/format.ts";
import { lineState, lineWords } from "../words/lines.ts";
import { healthOf, type Value } from "../words/state.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles, percent } from "./face.ts";
import { icon } from "./icons.ts";

const LOSSY_PERCENT = 5;

@customElement("line-face")
export class LineFace extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .line {
        display: grid;
        gap: var(--space-2);
      }
      :host([large]) .line {
        max-width: 560px;
        gap: var(--space-4);
      }
      .way {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: var(--space-2);
        color: var(--ink-3);
      }
      .strand {
        position: relative;
        height: 2px;
        background: var(--line-strong);
      }
      .active .strand {
        height: 6px;
        border-radius: 3px;
        background: var(--mark);
      }
      .cut .strand {
        height: 0;
        border-top: 2px dashed var(--failure-mark);
        background: none;
      }
      .cross {
        position: absolute;
        left: 50%;
        top: 50%;
        display: grid;
        place-items: center;
        width: 22px;
        height: 22px;
        margin: -12px 0 0 -11px;
        border-radius: 50%;
        background: var(--surface);
        color: var(--failure-mark);
      }
      .old .strand {
        background: var(--line-strong);
      }
      .old.cut .strand {
        border-color: var(--line-strong);
        background: none;
      }
      .old .cross {
        color: var(--ink-3);
      }
      .state {
        color: var(--ink);
        font-weight: 500;
      }
      .cut .state {
        color: var(--failure);
        font-weight: 600;
      }
      .old .state {
        color: var(--ink-3);
      }
      .values {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--space-4);
      }
      .lossy {
        color: var(--attention);
        font-weight: 600;
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const health = healthOf(this.seen);
    const state = lineState(this.seen);
    const rtt = this.value("rtt_seconds");
    if (state === "unknown") return html`<p class="old">${t("face.no_values")}</p>`;
    const old = health === "ward_offline" || health === "stale";
    const cut = state === "cut";
    return html`<div class="line ${state} ${old ? "old" : ""}">
      <div class="way" aria-hidden="true">
        ${icon("ward", 18)}
        <span class="strand">${cut ? html`<span class="cross">${icon("cross", 18)}</span>` : nothing}</span>
        ${icon("city", 18)}
      </div>
      <p class="state">${lineWords(state)}</p>
      ${cut ? nothing : this.#values(rtt)}
    </div>`;
  }

  #values(rtt: Value | undefined) {
    const loss = this.value("packet_loss_percent");
    const jitter = this.value("jitter_seconds");
    const names = this.value("names_resolve");
    const ms = (value: Value) => `${number(value.value * 1000, 1)}\u00a0ms`;
    return html`<p class="values num quiet">
      ${rtt ? html`<span>${t("line.delay", { value: ms(rtt) })}</span>` : nothing}
      ${
        loss && (this.large || loss.value > 0)
          ? html`<span class=${loss.value >= LOSSY_PERCENT && !loss.old ? "lossy" : ""}>${t("line.loss", { value: percent(loss.value) })}</span>`
          : nothing
      }
      ${jitter && this.large ? html`<span>${t("line.jitter", { value: ms(jitter) })}</span>` : nothing}
      ${names?.value === 0 ? html`<span class="lossy">${t("line.no_names")}</span>` : nothing}
    </p>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "line-face": LineFace;
  }
}
