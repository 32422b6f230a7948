/** A ward on the district's screen: one line of words, its line, its last word, how many devices answer. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Ward } from "../api/types.ts";
import { groupByCause } from "../words/causes.ts";
import { clause, wardLine } from "../words/sentences.ts";
import { type WardHealth, wardHealth } from "../words/state.ts";
import { type TextKey, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { healthIcon, icon } from "./icons.ts";
import { tone, tones } from "./state-mark.ts";
import "./age-of.ts";

const MOST_CHIPS = 3;

@customElement("ward-card")
export class WardCard extends Part {
  @property({ attribute: false }) ward: Ward | undefined;
  @property({ type: Number }) now = 0;

  static override styles = [
    shared,
    tones,
    css`
      a {
        display: grid;
        grid-template-columns: 24px minmax(0, 1fr) 132px 116px 84px 16px;
        align-items: center;
        gap: var(--space-1) var(--space-3);
        min-height: 56px;
        padding: var(--space-2) var(--space-4);
        color: var(--ink);
        text-decoration: none;
        transition: background var(--ease);
      }
      a:hover {
        background: color-mix(in srgb, var(--sunken) 55%, transparent);
      }
      a:focus-visible {
        outline-offset: -2px;
        border-radius: var(--radius-2);
      }
      .mark {
        color: var(--tone-mark);
      }
      .ok .mark {
        color: var(--line-strong);
      }
      .name {
        font-weight: 600;
      }
      .line {
        color: var(--ink-2);
        font-size: var(--size-2);
        overflow-wrap: anywhere;
      }
      .failure .line,
      .attention .line {
        color: var(--ink);
      }
      .chips {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1);
        margin-top: var(--space-1);
      }
      .chip {
        display: inline-flex;
        align-items: center;
        gap: 5px;
        padding: 2px var(--space-2);
        border-radius: var(--radius-1);
        background: var(--sunken);
        color: var(--ink-2);
        font-size: var(--size-1);
        line-height: 1.5;
      }
      .chip svg {
        color: var(--tone-mark);
      }
      .fact {
        font-size: var(--size-2);
        color: var(--ink-2);
        line-height: 1.35;
      }
      .fact .label {
        display: block;
      }
      .lost {
        color: var(--failure);
        font-weight: 500;
      }
      .then {
        color: var(--ink-3);
      }
      .fact .short {
        display: none;
      }
      .go {
        color: var(--ink-3);
      }
      @media (max-width: 760px) {
        a {
          grid-template-columns: 24px minmax(0, 1fr) 16px;
          padding: var(--space-3);
        }
        .words {
          grid-column: 2;
        }
        .go {
          grid-column: 3;
          grid-row: 1;
        }
        .facts {
          grid-column: 2 / -1;
          display: flex;
          flex-wrap: wrap;
        }
        .mark {
          align-self: start;
        }
        .fact .label {
          display: inline;
        }
        .fact + .fact .label {
          display: none;
        }
        .fact .short {
          display: inline;
        }
        .fact:not(:last-child)::after {
          content: " ·";
          color: var(--ink-3);
        }
        .never .fact:last-child {
          display: none;
        }
        .facts {
          gap: 0 6px;
        }
      }
      @media (min-width: 761px) {
        .facts {
          display: contents;
        }
        .fact .label {
          position: absolute;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
      }
    `,
  ];

  override render() {
    const ward = this.ward;
    if (!ward) return nothing;
    const health = wardHealth(ward, this.now);
    return html`<a href="/wards/${ward.id}" class="${tone(health)} ${health}" data-testid="ward-${ward.id}">
      <span class="mark">${healthIcon(health, 20)}</span>
      <span class="words">
        <span class="hidden">${t(`health.${health}` as TextKey)}.</span>
        <span class="name">${ward.name}</span>
        <span class="line" style="display:block">${wardLine(ward, this.now)}</span>
        ${this.#chips(ward, health)}
      </span>
      <span class="facts">
        <span class="fact ${ward.presence === "offline" ? "lost" : ""}"
          ><span class="label">${t("ward.line")} </span>${t(`ward.line.${ward.presence}`)}</span
        >
        <span class="fact"
          ><span class="label">${t("ward.last_word")} </span><age-of .time=${ward.last_word_ms}></age-of
        ></span>
        <span
          class="fact ${ward.presence === "online" && health !== "stale" ? "" : "then"}"
          title=${t("district.devices_title", { answering: ward.devices_answering, total: ward.device_count })}
          ><span class="label">${t("ward.answering")} </span
          ><span class="num">${ward.presence === "never" ? "–" : `${ward.devices_answering}/${ward.device_count}`}</span
          ><span class="short"> ${t("ward.devices").toLowerCase()}</span></span
        >
      </span>
      <span class="go">${icon("chevron", 16)}</span>
    </a>`;
  }

  /** The open conditions; the first is in the line of words already, so one alone is not said twice. */
  #chips(ward: Ward, health: WardHealth) {
    const causes = groupByCause(ward.conditions.filter((each) => each.device !== ""));
    const rest = causes.slice(1);
    if (rest.length === 0 || health === "never") return nothing;
    const shown = rest.slice(0, MOST_CHIPS);
    const more = rest.length - shown.length;
    return html`<span class="chips">
      ${shown.map(
        ({ root }) =>
          html`<span class="chip ${root.severity}"
            >${icon(root.severity, 13)}${clause(root)}</span
          >`,
      )}
      ${more > 0 ? html`<span class="chip plain num">+${more}</span>` : nothing}
    </span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "ward-card": WardCard;
  }
}
