/** A printer is its supplies and its tray. Supplies wear their own colours, each with its letter and figure. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { number } from "../words/format.ts";
import { natural, readingsOf, type Value } from "../words/state.ts";
import { type TextKey, t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles, share } from "./face.ts";
import { icon } from "./icons.ts";

const COLOURS = ["black", "cyan", "magenta", "yellow"] as const;
const LETTERS = { black: "K", cyan: "C", magenta: "M", yellow: "Y" };
const MOST_OTHERS = 4;
const LOW_PERCENT = 10;

interface Supply {
  name: string;
  letter: string;
  colour: string;
  value: Value;
}

@customElement("printer-face")
export class PrinterFace extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .printer {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--space-4);
        align-items: end;
      }
      :host([large]) .printer {
        gap: var(--space-8);
      }
      @media (max-width: 480px) {
        :host([large]) .printer {
          grid-template-columns: minmax(0, 1fr);
          gap: var(--space-5);
        }
      }
      .supplies {
        display: grid;
        grid-auto-flow: column;
        grid-auto-columns: 34px;
        gap: 6px;
      }
      :host([large]) .supplies {
        grid-auto-columns: 52px;
      }
      .supply {
        text-align: center;
        font-size: var(--size-1);
        line-height: 1.3;
      }
      .tank {
        position: relative;
        height: 60px;
        margin-bottom: 5px;
        border: 1px solid var(--line-strong);
        border-radius: var(--radius-1);
        background: var(--sunken);
        overflow: hidden;
      }
      :host([large]) .tank {
        height: 112px;
      }
      .tank i {
        position: absolute;
        inset: auto 0 0;
        min-height: 2px;
        background: var(--colour);
        transition: height var(--ease);
      }
      .supply b {
        display: block;
        font-weight: 500;
        color: var(--ink);
        white-space: nowrap;
      }
      .low b {
        color: var(--attention);
      }
      .low .tank {
        border-color: var(--attention-mark);
      }
      .old .tank i {
        background: var(--line-strong);
      }
      .old .supply b {
        color: var(--ink-3);
      }
      .tray {
        display: grid;
        gap: 6px;
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
      .old .trouble {
        color: var(--ink-3);
      }
      .row {
        display: flex;
        justify-content: space-between;
        gap: var(--space-2);
      }
      .none {
        align-self: center;
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const device = this.seen.device;
    if (device.readings.length === 0) return html`<p class="old">${t("face.no_values")}</p>`;
    const supplies = this.#supplies();
    const pages = this.value("pages_total");
    const old = (supplies[0]?.value ?? pages ?? this.value("printer_state"))?.old;
    return html`<div class="printer ${old ? "old" : ""}">
      ${
        supplies.length
          ? html`<div class="supplies">${supplies.map((each) => this.#supply(each))}</div>`
          : html`<p class="quiet none">${t("printer.no_supplies")}</p>`
      }
      <div class="tray">${this.#trouble()} ${this.#state()} ${this.#trays()}
        ${pages ? html`<p class="num quiet">${t("printer.pages", { n: number(pages.value) })}</p>` : nothing}
      </div>
    </div>`;
  }

  #supplies(): Supply[] {
    const coloured = COLOURS.flatMap((colour) => {
      const value = this.value(`toner_${colour}_percent`) ?? this.value(`ink_${colour}_percent`);
      const name = t(`printer.${colour}` as TextKey);
      return value ? [{ name, letter: LETTERS[colour], colour: `var(--supply-${colour})`, value }] : [];
    });
    if (coloured.length || !this.seen) return coloured;
    return readingsOf(this.seen.device, "supply_percent")
      .sort((a, b) => natural(a.instance, b.instance))
      .slice(0, MOST_OTHERS)
      .flatMap(({ instance }, place) => {
        const value = this.value("supply_percent", instance);
        return value ? [{ name: instance, letter: String(place + 1), colour: "var(--mark)", value }] : [];
      });
  }

  #supply({ name, letter, colour, value }: Supply) {
    const low = !value.old && value.value <= LOW_PERCENT;
    return html`<div class="supply ${low ? "low" : ""}" title=${name}>
      <div class="tank" style="--colour:${colour}"><i style="height:${share(value.value)}%"></i></div>
      <b class="num">${number(value.value)}%</b>
      <span aria-hidden="true">${letter}</span><span class="hidden">${name}</span>
    </div>`;
  }

  #trouble() {
    const troubles = [
      this.value("printer_jammed")?.value === 1 && t("printer.jam"),
      this.value("printer_out_of_paper")?.value === 1 && t("printer.tray_empty"),
      this.value("printer_door_open")?.value === 1 && t("printer.door"),
    ].filter(Boolean);
    return troubles.map((words) => html`<p class="trouble">${icon("attention", 15)}${words}</p>`);
  }

  #state() {
    const state = this.value("printer_state");
    const words: Record<number, TextKey> = {
      3: "printer.state.idle",
      4: "printer.state.printing",
      5: "printer.state.warmup",
    };
    const key = state && words[state.value];
    if (!key || this.value("printer_jammed")?.value === 1) return nothing;
    return html`<p>${t(key)}</p>`;
  }

  #trays() {
    if (!this.seen) return nothing;
    const trays = readingsOf(this.seen.device, "tray_percent").sort((a, b) => natural(a.instance, b.instance));
    return trays.slice(0, this.large ? 4 : 1).map(
      (tray) => html`<div>
        <p class="row"><span>${tray.instance || t("printer.tray")}</span>
          <span class="num">${number(tray.value)}%</span></p>
        <div class="track"><i style="width:${share(tray.value)}%"></i></div>
      </div>`,
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "printer-face": PrinterFace;
  }
}
