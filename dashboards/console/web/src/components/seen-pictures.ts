/** The pictures that showed what was wrong with a camera's view, each beside what was seen in it, and when. */
import { css, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Condition, PictureSeen } from "../api/types.ts";
import { moment } from "../words/format.ts";
import { conditionTitle, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import "./kept-picture.ts";
import "./state-mark.ts";

@customElement("seen-pictures")
export class SeenPictures extends Part {
  @property() ward = "";
  @property({ attribute: false }) pictures: readonly PictureSeen[] = [];
  /** The camera's open conditions. */
  @property({ attribute: false }) conditions: readonly Condition[] = [];
  @property({ type: Number }) now = 0;
  @property() source = "";

  static override styles = [
    shared,
    css`
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr));
        gap: var(--space-4) var(--space-6);
      }
      li {
        display: grid;
        grid-template-columns: minmax(120px, 176px) minmax(0, 1fr);
        gap: var(--space-3);
        align-items: start;
      }
      h3 {
        font-size: var(--size-3);
      }
      p {
        font-size: var(--size-2);
        color: var(--ink-2);
      }
    `,
  ];

  override render() {
    return html`<ul>
      ${this.pictures.map((seen) => {
        const what = conditionTitle(`picture_${seen.condition}`);
        const open = this.conditions.find(({ rule }) => rule === `picture_${seen.condition}`);
        const time = moment(seen.seen_ms, this.now);
        return html`<li data-testid="seen-${seen.condition}">
          <kept-picture
            ward=${this.ward}
            .picture=${seen.picture}
            label=${`${what} · ${time}`}
            source=${this.source}
          ></kept-picture>
          <div>
            <h3>${what}</h3>
            <p class="num">${t("seen.at", { time })}</p>
            ${
              open
                ? html`<state-mark health=${open.severity} word=${t("seen.open")}></state-mark>`
                : html`<state-mark health="ok" word=${t("seen.over")}></state-mark>`
            }
          </div>
        </li>`;
      })}
    </ul>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "seen-pictures": SeenPictures;
  }
}
