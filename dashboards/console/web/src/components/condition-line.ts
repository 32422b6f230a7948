/** One cause: what is wrong, where, since when, what to do; and inside it, what it brought about. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Condition, Device } from "../api/types.ts";
import type { Cause } from "../words/causes.ts";
import { moment } from "../words/format.ts";
import { instanceWords, where } from "../words/metrics.ts";
import { adviceOf, lower } from "../words/sentences.ts";
import { conditionTitle, reasonParts, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { icon, kindIcon } from "./icons.ts";
import { tones } from "./state-mark.ts";

const testId = (each: Condition) => `condition-${each.rule}-${each.device || "ward"}`;

@customElement("condition-line")
export class ConditionLine extends Part {
  @property({ attribute: false }) cause: Cause | undefined;
  @property({ type: Number }) now = 0;
  /** The cause's device, where it is at hand: some advice is told by its facts. */
  @property({ attribute: false }) device: Device | undefined;
  /** On the device's own page its name is not said again. */
  @property({ type: Boolean }) own = false;

  static override styles = [
    shared,
    tones,
    css`
      :host {
        animation: appear 240ms ease-out;
      }
      @keyframes appear {
        from {
          opacity: 0;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        :host {
          animation: none;
        }
      }
      .root {
        display: grid;
        grid-template-columns: auto 1fr auto;
        gap: var(--space-1) var(--space-3);
        padding: var(--space-3) var(--space-4);
        border-left: 3px solid var(--tone-mark);
      }
      .root > svg {
        margin-top: 2px;
        color: var(--tone-mark);
      }
      .what {
        font-weight: 600;
      }
      .what a {
        display: inline-block;
        text-decoration: none;
        border-bottom: 1px solid transparent;
      }
      .what a:hover {
        border-bottom-color: currentColor;
      }
      .advice {
        grid-column: 2 / -1;
        color: var(--ink-2);
        font-size: var(--size-2);
      }
      .since {
        color: var(--ink-3);
        font-size: var(--size-2);
        white-space: nowrap;
        line-height: 1.75;
      }
      .below {
        grid-column: 2 / -1;
        margin-top: var(--space-2);
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--space-1) var(--space-2);
        font-size: var(--size-2);
      }
      .below .label {
        flex-basis: 100%;
        font-size: var(--size-2);
      }
      .chip {
        display: inline-flex;
        align-items: center;
        gap: 6px;
        min-height: 28px;
        padding: 0 var(--space-2);
        border-radius: var(--radius-1);
        background: var(--sunken);
        color: var(--ink-2);
        text-decoration: none;
      }
      a.chip:hover {
        background: var(--line);
        color: var(--ink);
      }
      .chip svg {
        color: var(--ink-3);
      }
      @media (pointer: coarse) {
        .chip {
          min-height: 44px;
        }
        .what a {
          padding-block: 10px;
          margin-block: -10px;
        }
      }
      @media (max-width: 560px) {
        .root {
          grid-template-columns: auto 1fr;
        }
        .since {
          grid-column: 2;
          grid-row: 2;
          line-height: 1.4;
        }
      }
    `,
  ];

  override render() {
    if (!this.cause) return nothing;
    const { root, also, consequences } = this.cause;
    const instance = root.instance
      ? html` <span class="num">(${root.instance_name || instanceWords(root.instance)})</span>`
      : nothing;
    const what = conditionTitle(root.rule);
    const place = `/wards/${root.ward}/devices/${root.device}`;
    const words =
      this.own || !root.device
        ? html`${what}${instance}`
        : html`<a href=${place}>${root.device_name}</a>: ${lower(what)}${instance}`;
    // Why it does not answer tells more than that it does not; other rules know best what to do.
    const reason = root.rule === "unreachable" && root.reason ? reasonParts(root.reason.code) : undefined;
    const advice = reason ? [reason.what, reason.advice].filter(Boolean).join(". ") : adviceOf(root, this.device);
    return html`<div class="root ${root.severity}" data-testid=${testId(root)}>
      ${icon(root.severity, 20)}
      <p class="what">${words}</p>
      <p class="since">${t("health.since", { time: moment(root.since_ms, this.now) })}</p>
      <p class="advice">${advice}</p>
      ${this.#below(t("ward.also"), also, true)} ${this.#consequences(consequences)}
    </div>`;
  }

  #consequences(consequences: Condition[]) {
    const devices = new Set(consequences.map((each) => each.device)).size;
    return this.#below(t("ward.consequences", { n: devices }), consequences, false);
  }

  #below(label: string, conditions: Condition[], same: boolean) {
    if (conditions.length === 0) return nothing;
    return html`<div class="below">
      <span class="label">${label}</span>
      ${conditions.map((each) => {
        const title = conditionTitle(each.rule);
        const name = same ? `${title}${where(each.instance, each.instance_name)}` : each.device_name;
        const mark = same ? icon(each.severity, 14) : kindIcon(each.device_kind, 14);
        return html`<a
          class="chip"
          href="/wards/${each.ward}/devices/${each.device}"
          title=${same ? title : `${each.device_name}: ${title}`}
          data-testid=${testId(each)}
          >${mark}${name}</a
        >`;
      })}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "condition-line": ConditionLine;
  }
}
