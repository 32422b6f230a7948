/** Computers and what stands at the counters: each its own outline, lit while it is there. */
import { css, html, nothing, type SVGTemplateResult, svg } from "lit";
import { customElement } from "lit/decorators.js";
import { number } from "../words/format.ts";
import { healthOf } from "../words/state.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles, percent } from "./face.ts";

/** In a box of 52 by 44: `.screen` is lit, `.frame` is drawn. */
const SHAPES: Record<string, SVGTemplateResult> = {
  workstation: svg`<rect class="screen" x="4" y="4" width="44" height="28" rx="2" />
    <rect class="frame" x="2" y="2" width="48" height="32" rx="4" />
    <path class="frame" d="M26 34v6M16 42h20" />`,
  kiosk: svg`<path class="screen" d="M14 4h24l2 18H12z" />
    <path class="frame" d="M12 2h28l2 22H10zM20 24v14M32 24v14M14 42h24M16 38h20v4H16z" />`,
  queue: svg`<rect class="screen" x="16" y="6" width="20" height="13" rx="1.5" />
    <path class="frame" d="M12 4a2 2 0 0 1 2-2h24a2 2 0 0 1 2 2v38H12z" />
    <path class="frame" d="M18 26h16M20 26v10l2-1.5 2 1.5 2-1.5 2 1.5 2-1.5 2 1.5V26" />`,
  counter_display: svg`<rect class="screen" x="5" y="9" width="42" height="20" rx="1.5" />
    <rect class="frame" x="2" y="6" width="48" height="26" rx="3" />
    <path class="frame" d="M12 14h5v10h-5zM22 14h6v5h-6v5h6M36 14h4v10M18 2v4M34 2v4" />`,
  tablet: svg`<rect class="screen" x="14" y="5" width="24" height="31" rx="1.5" />
    <rect class="frame" x="11" y="2" width="30" height="40" rx="4" />
    <path class="frame" d="M24 39h4" />`,
  signboard: svg`<rect class="screen" x="4" y="4" width="44" height="20" rx="1.5" />
    <rect class="frame" x="2" y="2" width="48" height="24" rx="3" />
    <path class="frame" d="M10 10h32M10 17h20M14 26v16M38 26v16" />`,
  display: svg`<rect class="screen" x="4" y="7" width="44" height="25" rx="1.5" />
    <rect class="frame" x="2" y="5" width="48" height="29" rx="3" />
    <path class="frame" d="M14 40h24M20 34l-2 6M32 34l2 6" />`,
};

/** Kinds of which a ward has many, with little to tell of each. */
export const PRESENCES: readonly string[] = Object.keys(SHAPES);

@customElement("presence-face")
export class PresenceFace extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .station {
        display: grid;
        align-items: center;
      }
      :host([large]) .station {
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--space-5);
      }
      svg {
        width: 44px;
        height: auto;
      }
      :host([large]) svg {
        width: 88px;
      }
      .frame {
        fill: none;
        stroke: var(--mark);
        stroke-width: 1.6;
        stroke-linejoin: round;
        stroke-linecap: round;
      }
      .screen {
        fill: var(--mark);
        opacity: 0.16;
      }
      .off .screen {
        fill: none;
      }
      .off .frame {
        stroke: var(--line-strong);
        stroke-dasharray: 3 2.5;
      }
      .old .frame {
        stroke: var(--line-strong);
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const health = healthOf(this.seen);
    const off = ["off", "unreachable", "unpolled"].includes(health);
    const old = off || health === "ward_offline" || health === "stale";
    return html`<div class="station ${off ? "off" : ""} ${old ? "old" : ""}">
      <svg viewBox="0 0 52 44" width="52" height="44" aria-hidden="true">
        ${SHAPES[this.seen.device.kind] ?? SHAPES.workstation}
      </svg>
      ${this.large ? html`<p class="num">${this.#detail() ?? t("face.no_values")}</p>` : nothing}
    </div>`;
  }

  #detail(): string | undefined {
    const cpu = this.value("cpu_load_percent");
    if (cpu) return `${t("server.cpu")} ${percent(cpu.value)}`;
    const answer = this.value("response_seconds") ?? this.value("rtt_seconds");
    return answer && `${t("computer.rtt")} ${number(answer.value * 1000, 1)}\u00a0ms`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "presence-face": PresenceFace;
  }
}
