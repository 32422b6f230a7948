/** A state in shape, word and colour: never colour alone. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Health } from "../words/state.ts";
import { type TextKey, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { healthIcon } from "./icons.ts";

/** Which of the four tones a state has: grey and ink for all that is normal or merely not known. */
export function tone(health: Health | "never"): "plain" | "attention" | "failure" | "info" {
  if (health === "failure" || health === "unreachable") return "failure";
  if (health === "attention") return "attention";
  return health === "info" ? "info" : "plain";
}

export const tones = css`
  .failure {
    --tone: var(--failure);
    --tone-mark: var(--failure-mark);
    --tone-ground: var(--failure-ground);
  }
  .attention {
    --tone: var(--attention);
    --tone-mark: var(--attention-mark);
    --tone-ground: var(--attention-ground);
  }
  .info {
    --tone: var(--info);
    --tone-mark: var(--info-mark);
    --tone-ground: var(--info-ground);
  }
  .plain {
    --tone: var(--ink-2);
    --tone-mark: var(--ink-3);
    --tone-ground: var(--sunken);
  }
`;

@customElement("state-mark")
export class StateMark extends Part {
  @property() health: Health | "never" = "ok";
  /** Words instead of the state's own: what exactly is wrong. */
  @property() word = "";
  /** Words after the state: "since 09:14". */
  @property() since = "";

  static override styles = [
    shared,
    tones,
    css`
      :host {
        display: inline-flex;
        max-width: 100%;
      }
      .state {
        display: inline-flex;
        align-items: center;
        gap: 6px;
        color: var(--tone);
        font-size: var(--size-2);
        font-weight: 500;
        line-height: 1.35;
      }
      .plain {
        font-weight: 400;
      }
      .ok {
        --tone: var(--ink-2);
        --tone-mark: var(--ink-3);
      }
      svg {
        color: var(--tone-mark);
      }
      .since {
        font-weight: 400;
      }
    `,
  ];

  override render() {
    const word = this.word || t(`health.${this.health}` as TextKey);
    return html`<span class="state ${tone(this.health)} ${this.health}"
      >${healthIcon(this.health)}<span
        >${word}${this.since ? html` <span class="since num">${this.since}</span>` : nothing}</span
      ></span
    >`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "state-mark": StateMark;
  }
}
