/** An air conditioner or a sensor is its room: how warm, against what it should be, how humid, and whether it cools. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { number } from "../words/format.ts";
import { natural, readingsOf } from "../words/state.ts";
import { type TextKey, t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles, percent, share } from "./face.ts";
import { icon } from "./icons.ts";

/** The scale of a room, °C; what is colder or warmer stands at its end. */
const COLDEST = 14;
const WARMEST = 38;
const COOLING: Record<number, TextKey> = {
  0: "room.cooling.not_needed",
  1: "room.cooling.works",
  2: "room.cooling.fails",
};
const MOST_OTHERS = 3;

const place = (celsius: number): number => share((100 * (celsius - COLDEST)) / (WARMEST - COLDEST));

@customElement("room-face")
export class RoomFace extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .room {
        display: grid;
        gap: var(--space-2);
      }
      :host([large]) .room {
        gap: var(--space-4);
        max-width: 520px;
      }
      .values {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 var(--space-5);
      }
      .scale {
        position: relative;
        height: 6px;
        margin: 7px 0;
        border-radius: 3px;
        background: var(--sunken);
      }
      .scale i {
        position: absolute;
        inset: 0 auto 0 0;
        border-radius: 3px;
        background: var(--mark);
        transition: width var(--ease);
      }
      .hot .scale i {
        background: var(--attention-mark);
      }
      .old .scale i {
        background: var(--line-strong);
      }
      .target {
        position: absolute;
        top: -5px;
        width: 2px;
        height: 16px;
        margin-left: -1px;
        border-radius: 1px;
        background: var(--ink);
        outline: 2px solid var(--surface);
      }
      .old .target {
        background: var(--line-strong);
      }
      .words {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 2px var(--space-3);
      }
      .word {
        display: inline-flex;
        align-items: center;
        gap: 5px;
      }
      .word svg {
        color: var(--ink-3);
      }
      .bad {
        color: var(--attention);
        font-weight: 600;
      }
      .bad svg {
        color: var(--attention-mark);
      }
      .old .bad,
      .old .bad svg {
        color: var(--ink-3);
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const rooms = readingsOf(this.seen.device, "temperature_celsius").sort((a, b) => natural(a.instance, b.instance));
    const first = rooms[0];
    const temperature = first && this.value("temperature_celsius", first.instance);
    const humidity = this.value("humidity_percent");
    if (!temperature && !humidity) return html`<p class="old">${t("face.no_values")}</p>`;
    const target = this.value("setpoint_celsius") ?? this.value("target_celsius");
    const hot = this.value("cooling_state")?.value === 2;
    return html`<div class="room ${(temperature ?? humidity)?.old ? "old" : ""} ${hot ? "hot" : ""}">
      <div class="values">
        ${temperature ? html`<p class="big">${number(temperature.value, 1)} <small>°C</small></p>` : nothing}
        ${humidity ? html`<p class="num">${t("room.humidity", { value: percent(humidity.value) })}</p>` : nothing}
        ${target ? html`<p class="num quiet">${t("room.target", { value: `${number(target.value, 1)}\u00a0°C` })}</p>` : nothing}
      </div>
      ${temperature ? this.#scale(temperature.value, target?.value) : nothing} ${this.#words()}
      ${this.large ? this.#others(rooms.slice(1)) : nothing}
    </div>`;
  }

  #scale(celsius: number, target: number | undefined) {
    return html`<div class="scale" aria-hidden="true">
      <i style="width:${place(celsius)}%"></i>
      ${target === undefined ? nothing : html`<span class="target" style="left:${place(target)}%"></span>`}
    </div>`;
  }

  #words() {
    const cooling = this.value("cooling_state");
    const running = this.value("aircon_running");
    const fault = this.value("aircon_fault")?.value === 1;
    const battery = this.value("sensor_battery_percent");
    const key = cooling && COOLING[cooling.value];
    return html`<div class="words">
      ${fault ? html`<span class="word bad">${icon("attention", 15)}${t("room.fault")}</span>` : nothing}
      ${
        key
          ? html`<span class="word ${cooling.value === 2 ? "bad" : ""}">
            ${icon(cooling.value === 2 ? "attention" : "ok", 15)}${t(key)}</span>`
          : nothing
      }
      ${running ? html`<span class="quiet">${t(running.value ? "room.running" : "room.off")}</span>` : nothing}
      ${
        battery && (this.large || battery.value <= 20)
          ? html`<span class="num ${battery.value <= 20 ? "word bad" : "quiet"}">${t("room.battery", { value: percent(battery.value) })}</span>`
          : nothing
      }
    </div>`;
  }

  #others(rooms: readonly { instance: string; value: number }[]) {
    if (rooms.length === 0) return nothing;
    return html`<p class="num quiet">
      ${rooms
        .slice(0, MOST_OTHERS)
        .map(({ instance, value }) => `${instance}: ${number(value, 1)}\u00a0°C`)
        .join(" · ")}
    </p>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "room-face": RoomFace;
  }
}
