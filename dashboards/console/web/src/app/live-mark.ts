/** Whether what one sees is now: "Trực tiếp 14:05", or that the connection is lost. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Part, shared } from "../components/base.ts";
import { icon } from "../components/icons.ts";
import { now, Ticking } from "../live/clock.ts";
import type { StreamState } from "../live/sse.ts";
import { clock } from "../words/format.ts";
import { t } from "../words/text.ts";

@customElement("live-mark")
export class LiveMark extends Part {
  @property({ attribute: false }) stream: StreamState | null = null;

  static override styles = [
    shared,
    css`
      p {
        display: flex;
        align-items: center;
        gap: 6px;
        color: var(--ink-2);
        font-size: var(--size-2);
        white-space: nowrap;
      }
      i {
        width: 8px;
        height: 8px;
        border-radius: 50%;
        background: var(--proven-mark);
      }
      .connecting i {
        background: none;
        border: 2px solid var(--line-strong);
      }
      .lost {
        color: var(--attention);
        font-weight: 500;
      }
      .lost svg {
        color: var(--attention-mark);
      }
      @media (max-width: 420px) {
        .live .word {
          display: none;
        }
      }
    `,
  ];

  constructor() {
    super();
    new Ticking(this);
  }

  override render() {
    if (!this.stream) return nothing;
    const lost = this.stream === "lost";
    return html`<p class=${this.stream} data-testid="stream-${this.stream}">
      ${lost ? icon("unreachable", 15) : html`<i></i>`}<span class="word">${t(`stream.${this.stream}`)}</span>
      ${this.stream === "live" ? html`<span class="num">${clock(now())}</span>` : nothing}
    </p>`;
  }
}
