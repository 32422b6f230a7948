/** A device's conditions on the axis of its charts: one lane for each rule, told in words too. */
import { css, html } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { ConditionSpan } from "../api/types.ts";
import { type Names, where } from "../words/metrics.ts";
import { GUTTER_LEFT, GUTTER_RIGHT, momentLabel, tickLabel, ticks } from "../words/range.ts";
import { conditionTitle, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { icon } from "./icons.ts";
import { skeletonStyles } from "./page-notes.ts";
import { tones } from "./state-mark.ts";

@customElement("state-timeline")
export class StateTimeline extends Part {
  @property({ attribute: false }) names: Names = new Map();
  @property({ attribute: false }) spans: readonly ConditionSpan[] | undefined;
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 0;
  @state() private width = 800;
  @query(".axis") private axis: HTMLElement | undefined;
  #watch: ResizeObserver | undefined;

  static override styles = [
    shared,
    tones,
    skeletonStyles,
    css`
      .lanes {
        display: grid;
        gap: var(--space-1);
        min-height: 44px;
        align-content: end;
      }
      .title {
        display: flex;
        align-items: center;
        gap: 6px;
        padding-left: ${GUTTER_LEFT}px;
        font-size: var(--size-2);
        line-height: 1.4;
        color: var(--ink-2);
      }
      .title svg {
        color: var(--tone-mark);
      }
      .lane,
      .axis {
        position: relative;
        margin: 0 ${GUTTER_RIGHT}px 0 ${GUTTER_LEFT}px;
      }
      .lane {
        height: 14px;
        border-radius: 3px;
        background: var(--sunken);
        overflow: hidden;
      }
      .span {
        position: absolute;
        inset-block: 0;
        min-width: 3px;
        border-radius: 2px;
        background: var(--tone-mark);
      }
      .open {
        border-radius: 2px 0 0 2px;
      }
      .axis {
        height: 24px;
        font-family: var(--font-figures);
        font-size: 11px;
        color: var(--ink-3);
      }
      .axis span {
        position: absolute;
        top: 4px;
        transform: translateX(-50%);
        white-space: nowrap;
      }
      .none {
        padding-left: ${GUTTER_LEFT}px;
        font-size: var(--size-2);
        color: var(--ink-3);
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch = new ResizeObserver(([entry]) => {
      if (entry) this.width = this.axis?.clientWidth || entry.contentRect.width;
    });
    this.#watch.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch?.disconnect();
  }

  override render() {
    const lanes = new Map<string, ConditionSpan[]>();
    for (const span of this.spans ?? []) {
      const lane = `${span.rule} ${span.instance}`;
      lanes.set(lane, [...(lanes.get(lane) ?? []), span]);
    }
    return html`<div role="group" aria-label=${t("timeline.label")}>
      <div class="lanes">
        ${
          this.spans && lanes.size === 0
            ? html`<p class="none">${t("timeline.none")}</p>`
            : this.spans
              ? [...lanes.values()].map((spans) => this.#lane(spans))
              : html`<div class="lane bone"></div>`
        }
      </div>
      <div class="axis" aria-hidden="true">
        ${ticks(this.from, this.to, this.width).map(
          (at) => html`<span style="left:${this.#share(at)}%">${tickLabel(at, this.to - this.from)}</span>`,
        )}
      </div>
    </div>`;
  }

  #share = (ms: number): number =>
    ((Math.min(this.to, Math.max(this.from, ms)) - this.from) / (this.to - this.from)) * 100;

  #lane(spans: readonly ConditionSpan[]) {
    const [first] = spans;
    if (!first) return "";
    const name = `${conditionTitle(first.rule)}${where(first.instance, this.names.get(first.instance))}`;
    const worst = spans.find((each) => each.severity === "failure") ?? first;
    return html`<div>
      <p class="title ${worst.severity}">${icon(worst.severity, 14)}${name}</p>
      <ul class="lane">
        ${spans.map((span) => {
          const from = momentLabel(span.start_ms);
          const words =
            span.end_ms === null
              ? t("timeline.open", { what: name, from })
              : t("timeline.span", { what: name, from, to: momentLabel(span.end_ms) });
          const left = this.#share(span.start_ms);
          const wide = this.#share(span.end_ms ?? this.to) - left;
          return html`<li
            class="span ${span.severity} ${span.end_ms === null ? "open" : ""}"
            style="left:min(${left}%, 100% - 3px);width:${wide}%"
            title=${words}
          ><span class="hidden">${words}</span></li>`;
        })}
      </ul>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "state-timeline": StateTimeline;
  }
}
