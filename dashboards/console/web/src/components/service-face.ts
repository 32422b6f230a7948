/** A shared application is whether it answers as it should, how fast, and how long its certificate holds. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { number } from "../words/format.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles } from "./face.ts";
import { icon } from "./icons.ts";

/** A certificate that lasts longer than this needs no word on a card. */
const CERTIFICATE_SOON_DAYS = 21;

@customElement("service-face")
export class ServiceFace extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .service {
        display: grid;
        gap: 2px;
      }
      .down .big {
        color: var(--failure);
      }
      .old .big {
        color: var(--ink-3);
      }
      .note {
        display: flex;
        align-items: center;
        gap: 6px;
      }
      .soon {
        color: var(--attention);
        font-weight: 600;
      }
      .soon svg {
        color: var(--attention-mark);
      }
      .old .soon,
      .old .soon svg {
        color: var(--ink-3);
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const up = this.value("service_up");
    const time = this.value("response_seconds") ?? this.value("rtt_seconds");
    const status = this.value("http_status");
    const days = this.value("certificate_days_left");
    const any = up ?? time ?? days;
    if (!any) return html`<p class="old">${t("face.no_values")}</p>`;
    const down = up?.value === 0;
    const soon = days !== undefined && days.value < CERTIFICATE_SOON_DAYS;
    return html`<div class="service ${any.old ? "old" : ""} ${down ? "down" : ""}">
      ${
        down
          ? html`<p class="big">${t("service.down")}</p>
            ${status ? html`<p class="num quiet">${t("service.status", { status: String(status.value) })}</p>` : nothing}`
          : time
            ? html`<p class="big">${this.#time(time.value)}</p><p class="quiet">${t("service.answers_in")}</p>`
            : html`<p class="quiet">${t("face.answers")}</p>`
      }
      ${
        days && (soon || this.large)
          ? html`<p class="note num ${soon ? "soon" : "quiet"}">${icon(soon ? "attention" : "ok", 15)}
            ${days.value < 0 ? t("service.certificate_over") : t("service.certificate", { n: number(Math.floor(days.value)) })}</p>`
          : nothing
      }
    </div>`;
  }

  #time(seconds: number) {
    return seconds < 1
      ? html`${number(seconds * 1000)} <small>ms</small>`
      : html`${number(seconds, 1)} <small>s</small>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "service-face": ServiceFace;
  }
}
