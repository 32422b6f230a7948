/** A device among its ward's: its name, its state in words, itself, and the age of what is shown. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { moment } from "../words/format.ts";
import { type Metrics, where } from "../words/metrics.ts";
import { conditionsOf, type Health, healthOf, lastReadingMs, type Seen } from "../words/state.ts";
import { conditionTitle, kindWord, reasonParts, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { deviceFace } from "./device-face.ts";
import { kindIcon } from "./icons.ts";
import { PRESENCES } from "./presence-face.ts";
import { tone, tones } from "./state-mark.ts";
import "./age-of.ts";
import "./state-mark.ts";

const UNHEARD: readonly Health[] = ["off", "unreachable", "stale", "ward_offline"];

@customElement("device-card")
export class DeviceCard extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  @property({ attribute: false }) metrics: Metrics = new Map();
  /** The ward's other devices' names, for a face that speaks of them. */
  @property({ attribute: false }) names: ReadonlyMap<string, string> = new Map();
  /** The device whose failure explains that this one does not answer; "" where there is none. */
  @property() cause = "";

  static override styles = [
    shared,
    tones,
    css`
      :host {
        min-width: 0;
      }
      a {
        display: flex;
        flex-direction: column;
        gap: var(--space-3);
        height: 100%;
        padding: var(--space-3) var(--space-4);
        border: 1px solid var(--line);
        border-radius: var(--radius-3);
        background: var(--surface);
        color: var(--ink);
        text-decoration: none;
        transition: border-color var(--ease);
      }
      a:hover {
        border-color: var(--line-strong);
      }
      .compact {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        align-items: center;
        gap: var(--space-3);
      }
      .compact footer {
        margin-top: var(--space-1);
      }
      .failure,
      .attention {
        border-color: color-mix(in srgb, var(--tone-mark) 55%, transparent);
      }
      .unheard {
        border-style: dashed;
      }
      header {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0 var(--space-2);
        align-items: start;
      }
      header > svg {
        margin-top: 1px;
        color: var(--ink-3);
      }
      h3 {
        font-size: var(--size-3);
        overflow-wrap: anywhere;
      }
      .place {
        grid-column: 2;
        color: var(--ink-3);
        font-size: var(--size-1);
        line-height: 1.4;
      }
      .face {
        flex: 1;
        display: flex;
        flex-direction: column;
        justify-content: center;
      }
      footer {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0 var(--space-2);
        font-size: var(--size-1);
        line-height: 20px;
        color: var(--ink-3);
        min-height: 20px;
      }
      .words {
        color: var(--tone);
        font-size: var(--size-2);
        line-height: 1.4;
      }
    `,
  ];

  override render() {
    const seen = this.seen;
    if (!seen) return nothing;
    const { device, now } = seen;
    const health = healthOf(seen);
    const unheard = UNHEARD.includes(health);
    const last = lastReadingMs(device);
    const place = [kindWord(device.kind), device.location].filter((words) => words && words !== device.name);
    if (PRESENCES.includes(device.kind)) return this.#compact(seen, health, place);
    return html`<a
      href="/wards/${seen.ward.id}/devices/${device.id}"
      class="${this.cause ? "plain" : tone(health)} ${unheard ? "unheard" : ""}"
      data-testid="device-${device.id}"
    >
      <header>
        ${kindIcon(device.kind)}
        <h3>${device.name}</h3>
        <p class="place">${place.join(" · ")}</p>
      </header>
      <div class="face">${deviceFace(seen, this.metrics, false, this.names)}</div>
      ${this.#words(seen, health)}
      <footer>
        ${this.#mark(seen, health)}
        ${last === null ? nothing : html`<span>${unheard ? t("time.as_of", { time: moment(last, now) }) : html`<age-of .time=${last}></age-of>`}</span>`}
      </footer>
    </a>`;
  }

  /** Of workstations and screens there are many, and little to tell of each. */
  #compact(seen: Seen, health: Health, place: string[]) {
    const { device, now } = seen;
    const last = lastReadingMs(device);
    const unheard = UNHEARD.includes(health);
    return html`<a
      href="/wards/${seen.ward.id}/devices/${device.id}"
      class="compact ${this.cause ? "plain" : tone(health)} ${unheard ? "unheard" : ""}"
      title=${this.cause ? t("device.because", { name: this.cause }) : nothing}
      data-testid="device-${device.id}"
    >
      ${deviceFace(seen, this.metrics)}
      <div>
        <h3>${device.name}</h3>
        <p class="place">${place.join(" · ")}</p>
        <footer>
          ${this.#mark(seen, health)}
          ${
            last === null || health === "unreachable"
              ? nothing
              : html`<span>${unheard ? t("time.as_of", { time: moment(last, now) }) : html`<age-of .time=${last}></age-of>`}</span>`
          }
        </footer>
      </div>
    </a>`;
  }

  #mark(seen: Seen, health: Health) {
    const { device, now } = seen;
    if (health === "unreachable") {
      const since = device.reachable_since_ms;
      const words = since === null ? "" : t("health.since", { time: moment(since, now) });
      // What went with its cause is told quietly: the cause is what needs somebody.
      return this.cause
        ? html`<state-mark health="stale" word=${t("health.unreachable")} since=${words}></state-mark>`
        : html`<state-mark health=${health} since=${words}></state-mark>`;
    }
    const [first, ...more] = conditionsOf(seen);
    if (!first || !["attention", "failure", "info"].includes(health))
      return html`<state-mark health=${health}></state-mark>`;
    const word = `${conditionTitle(first.rule)}${where(first.instance, first.instance_name)}${more.length ? ` +${more.length}` : ""}`;
    return html`<state-mark health=${health} word=${word}></state-mark>`;
  }

  #words({ device }: Seen, health: Health) {
    if (this.cause) return html`<p class="words plain">${t("device.because", { name: this.cause })}</p>`;
    if (health !== "unreachable" && health !== "partial") return nothing;
    const { what, advice } = reasonParts(device.reason?.code ?? "");
    const words = health === "partial" ? what : advice || what;
    return words ? html`<p class="words plain">${words}</p>` : nothing;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "device-card": DeviceCard;
  }
}
