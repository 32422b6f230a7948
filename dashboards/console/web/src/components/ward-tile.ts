/** A ward as a tile, to be read from across the room: its name, its state in shape and colour. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Ward } from "../api/types.ts";
import { groupByCause } from "../words/causes.ts";
import { wardHealth } from "../words/state.ts";
import { type TextKey, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { healthIcon } from "./icons.ts";
import { tone, tones } from "./state-mark.ts";

/** "Phường Hải Châu 1" is "Hải Châu 1" among wards. */
export const shortName = (name: string): string => name.replace(/^(Phường|Xã|Thị trấn|Đặc khu)\s+/u, "");

@customElement("ward-tile")
export class WardTile extends Part {
  @property({ attribute: false }) ward: Ward | undefined;
  @property({ type: Number }) now = 0;

  static override styles = [
    shared,
    tones,
    css`
      a {
        display: flex;
        flex-direction: column;
        justify-content: space-between;
        gap: var(--space-2);
        height: 100%;
        min-height: 72px;
        padding: var(--space-2) var(--space-3);
        border: 1px solid var(--line);
        border-radius: var(--radius-2);
        background: var(--surface);
        color: var(--ink-2);
        font-size: var(--size-2);
        line-height: 1.3;
        text-decoration: none;
        transition: border-color var(--ease);
      }
      a:hover {
        border-color: var(--line-strong);
      }
      .failure,
      .attention {
        background: var(--tone-ground);
        border-color: color-mix(in srgb, var(--tone-mark) 45%, transparent);
        color: var(--tone);
        font-weight: 600;
      }
      .stale,
      .never {
        border-style: dashed;
        background: transparent;
        color: var(--ink-3);
      }
      .mark {
        display: flex;
        align-items: center;
        justify-content: space-between;
        color: var(--tone-mark);
      }
      .ok .mark {
        color: var(--line-strong);
      }
    `,
  ];

  override render() {
    const ward = this.ward;
    if (!ward) return nothing;
    const health = wardHealth(ward, this.now);
    const count = groupByCause(ward.conditions).length;
    return html`<a href="/wards/${ward.id}" class="${tone(health)} ${health}">
      <span>${shortName(ward.name)}</span>
      <span class="mark"
        >${healthIcon(health, 18)}<span class="hidden">${t(`health.${health}` as TextKey)}</span>
        ${count && health !== "never" ? html`<span class="num">${count}</span>` : nothing}</span
      >
    </a>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "ward-tile": WardTile;
  }
}
