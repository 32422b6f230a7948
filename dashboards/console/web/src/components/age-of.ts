/** How long ago something was, growing by itself; the exact moment is in its title. */
import { css, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { now, Ticking } from "../live/clock.ts";
import { ago, clock, date } from "../words/format.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";

@customElement("age-of")
export class AgeOf extends Part {
  @property({ type: Number }) time: number | null = null;
  /** A fixed "now", for the gallery. */
  @property({ type: Number }) at: number | undefined;

  static override styles = [
    shared,
    css`
      :host {
        display: inline;
        font-family: var(--font-figures);
        white-space: nowrap;
      }
    `,
  ];

  constructor() {
    super();
    new Ticking(this);
  }

  override render() {
    if (this.time === null) return html`<span>${t("time.never")}</span>`;
    const exact = `${clock(this.time, true)} ${date(this.time)}`;
    return html`<time datetime=${new Date(this.time).toISOString()} title=${exact}
      >${ago(this.time, this.at ?? now())}</time
    >`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "age-of": AgeOf;
  }
}
