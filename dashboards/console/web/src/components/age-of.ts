/** How long ago something was, growing by itself; the exact moment is in its title. */
import { css, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { now, onTick } from "../live/clock.ts";
import { ago, clock, date } from "../words/format.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";

@customElement("age-of")
export class AgeOf extends Part {
  @property({ type: Number }) time: number | null = null;
  /** A fixed "now", for the gallery. */
  @property({ type: Number }) at: number | undefined;
  #stop: (() => void) | undefined;

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

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onTick(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
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
