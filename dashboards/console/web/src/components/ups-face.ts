/** A UPS is a battery: how full, with which load, and how many minutes that lasts. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { duration, number } from "../words/format.ts";
import { readingsOf } from "../words/state.ts";
import { alarmWord, t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles, percent, share } from "./face.ts";
import { icon } from "./icons.ts";

/** A duration with its units set quieter than its figures, so that two of them stand on one line of a card. */
const spaced = (words: string) =>
  words.split(/(\d+)/).map((each, at) => (at % 2 ? each : html`<small>${each}</small>`));

const batteryAge = (days: number) =>
  days < 365
    ? t("ups.battery_days", { n: Math.floor(days) })
    : t("ups.battery_years", { years: number(days / 365.25, 1) });

@customElement("ups-face")
export class UpsFace extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .ups {
        display: grid;
        grid-template-columns: 92px minmax(0, 1fr);
        gap: var(--space-3);
        align-items: center;
      }
      :host([large]) .ups {
        grid-template-columns: 160px minmax(0, 1fr);
        gap: var(--space-4) var(--space-6);
      }
      .big {
        white-space: nowrap;
      }
      :host(:not([large])) .big small {
        font-size: var(--size-2);
      }
      .battery {
        position: relative;
        height: 48px;
        padding: 4px;
        margin-right: 7px;
        border: 2px solid var(--mark);
        border-radius: 9px;
      }
      :host([large]) .battery {
        height: 72px;
        border-radius: 12px;
      }
      .battery::after {
        content: "";
        position: absolute;
        left: calc(100% + 2px);
        top: 32%;
        width: 5px;
        height: 36%;
        border-radius: 0 3px 3px 0;
        background: var(--mark);
      }
      .fill {
        height: 100%;
        min-width: 3px;
        border-radius: 4px;
        background: var(--mark);
        transition: width var(--ease);
      }
      :host([large]) .fill {
        border-radius: 6px;
      }
      .cells {
        position: absolute;
        inset: 4px;
        background: repeating-linear-gradient(
          90deg,
          transparent 0 calc(20% - 2px),
          var(--surface) calc(20% - 2px) 20%
        );
        clip-path: inset(0 2px 0 0);
      }
      .running .fill {
        background: var(--attention-mark);
      }
      .low .fill {
        background: var(--failure-mark);
      }
      .old .battery,
      .old .battery::after {
        border-color: var(--line-strong);
      }
      .old .battery::after,
      .old .fill {
        background: var(--line-strong);
      }
      .empty .battery {
        border-style: dashed;
      }
      .source {
        display: flex;
        align-items: center;
        gap: 6px;
        font-weight: 500;
      }
      .running .source {
        color: var(--attention);
      }
      .old .source {
        color: var(--ink-3);
      }
      .load {
        grid-column: 1 / -1;
        display: grid;
        grid-template-columns: auto 1fr auto;
        gap: var(--space-3);
        align-items: center;
      }
      .health {
        grid-column: 1 / -1;
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1) var(--space-4);
      }
      .health .wrong {
        color: var(--attention);
        font-weight: 500;
      }
      .old .health .wrong {
        color: var(--ink-3);
      }
    `,
  ];

  /** On its own page: how old the battery is, what its last test said, what the unit complains of. */
  #health() {
    if (!this.large || !this.seen) return nothing;
    const age = this.value("battery_age_days");
    const failed = this.value("battery_test_failed");
    const alarms = readingsOf(this.seen.device, "alarm_active").filter((each) => each.value);
    const said: [string, boolean][] = [];
    if (age) said.push([batteryAge(age.value), this.has("ups_battery_old")]);
    if (failed) said.push([t(failed.value ? "ups.test_failed" : "ups.test_passed"), failed.value === 1]);
    for (const alarm of alarms) said.push([alarmWord(alarm.instance), true]);
    if (!said.length) return nothing;
    return html`<p class="health">
      ${said.map(([words, wrong]) => html`<span class=${wrong ? "wrong" : "quiet"}>${words}</span>`)}
    </p>`;
  }

  override render() {
    if (!this.seen) return nothing;
    const charge = this.value("battery_charge_percent");
    const runtime = this.value("battery_runtime_seconds");
    const load = this.value("output_load_percent");
    const source = this.value("on_battery");
    const running = source?.value === 1;
    const any = charge ?? runtime ?? load;
    if (!any) return html`<div class="ups empty old"><div class="battery"></div><p>${t("face.no_values")}</p></div>`;
    const low = this.has("ups_battery_low");
    const classes = [
      "ups",
      !charge && "empty",
      any.old && "old",
      !any.old && running && "running",
      !any.old && low && "low",
    ];
    const left = runtime && duration(runtime.value);
    return html`<div class=${classes.filter(Boolean).join(" ")}>
      <div
        class="battery"
        role="img"
        aria-label=${t("ups.label", { charge: charge ? percent(charge.value) : "?", load: load ? percent(load.value) : "?" })}
      >
        ${charge ? html`<div class="fill" style="width:${share(charge.value)}%"></div>` : nothing}
        <div class="cells"></div>
      </div>
      <div>
        <p class="big">${running && left ? spaced(left) : charge ? percent(charge.value) : "–"}</p>
        ${
          source
            ? html`<p class="source">
          ${icon(running ? "battery" : "mains", 15)}<span>${running ? t("ups.on_battery") : t("ups.on_mains")}</span>
        </p>`
            : nothing
        }
        ${
          running
            ? html`<p class="num">${charge ? t("ups.charge", { value: percent(charge.value) }) : nothing}</p>`
            : left
              ? html`<p class="num quiet">${t("ups.left_if", { time: left })}</p>`
              : nothing
        }
      </div>
      ${
        load
          ? html`<div class="load">
            <span class="quiet">${t("ups.load")}</span>
            <span class="track"><i style="width:${share(load.value)}%"></i></span>
            <span class="num">${percent(load.value)}</span>
          </div>`
          : nothing
      }
      ${this.#health()}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "ups-face": UpsFace;
  }
}
