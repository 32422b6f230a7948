/** One series over time, on the axis that all charts share; conditions shade it, holes in knowledge break it. */
import { css, html, nothing, type PropertyValues, unsafeCSS } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import uPlot from "uplot";
import uplotCss from "uplot/dist/uPlot.min.css?inline";
import type { ConditionSpan, History, Metric } from "../api/types.ts";
import { inMilliseconds, isFlag, joined, number, shown, signedDuration } from "../words/format.ts";
import { metricLabel, type Names, whichOne } from "../words/metrics.ts";
import { GUTTER_LEFT, GUTTER_RIGHT, momentLabel, tickLabel, ticks } from "../words/range.ts";
import { alone, plotted } from "../words/series.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { skeletonStyles } from "./page-notes.ts";

const HEIGHT_PX = 132;
const AXIS_PX = 24;
/** 1, 2, 5, 10 …: steps that a person counts in, and that need no more decimals than they show. */
const STEPS = Array.from({ length: 19 }, (_, power) => [1, 2, 5].map((each) => Number(`${each}e${power - 6}`))).flat();

const decimals = (step: number): number => Math.min(6, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));

@customElement("reading-chart")
export class ReadingChart extends Part {
  @property({ attribute: false }) history: History | undefined;
  @property({ attribute: false }) metric: Metric | undefined;
  @property({ attribute: false }) names: Names = new Map();
  @property({ attribute: false }) spans: readonly ConditionSpan[] = [];
  @property() name = "";
  @property() instance = "";
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 0;
  @property({ type: Number }) gap = 0;
  @property({ type: Boolean }) failed = false;
  /** Charts of one group show the same moment under the pointer. */
  @property() group = "page";
  @state() private at: number | null = null;
  @query(".plot") private place!: HTMLElement;
  #plot: uPlot | undefined;
  #made = "";
  #watch: ResizeObserver | undefined;
  #dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  #repaint = () => this.#remake();

  static override styles = [
    shared,
    unsafeCSS(uplotCss),
    skeletonStyles,
    css`
      figcaption {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 var(--space-3);
        font-size: var(--size-2);
        min-height: 24px;
      }
      .name {
        font-weight: 500;
      }
      .value {
        color: var(--ink-2);
      }
      .moment {
        color: var(--ink-3);
      }
      .plot {
        position: relative;
        height: ${HEIGHT_PX}px;
      }
      .note {
        position: absolute;
        inset: 0 ${GUTTER_RIGHT}px ${AXIS_PX}px ${GUTTER_LEFT}px;
        display: grid;
        place-items: center;
        border-radius: var(--radius-1);
        background: color-mix(in srgb, var(--sunken) 50%, transparent);
        color: var(--ink-3);
        font-size: var(--size-2);
      }
      .uplot {
        font-family: inherit;
      }
      .u-over {
        cursor: crosshair;
      }
      .uplot .u-cursor-x {
        border-right: 1px solid var(--ink-3);
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#dark?.addEventListener("change", this.#repaint);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#dark?.removeEventListener("change", this.#repaint);
    this.#watch?.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#made = "";
  }

  override firstUpdated(): void {
    this.#watch = new ResizeObserver(() => {
      if (this.#plot) this.#plot.setSize({ width: this.place.clientWidth, height: HEIGHT_PX });
      else this.#draw();
    });
    this.#watch.observe(this.place);
  }

  override updated(changed: PropertyValues<this>): void {
    const drawn = ["history", "spans", "from", "to", "gap", "metric"] as const;
    if (drawn.some((each) => changed.has(each)) || changed.size === 0) this.#draw();
  }

  #remake(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#draw();
  }

  #draw(): void {
    const { history } = this;
    if (!this.place || this.place.clientWidth === 0 || !history || history.times_ms.length === 0) {
      this.#plot?.destroy();
      this.#plot = undefined;
      return;
    }
    const { x, y, low, high } = plotted(history, this.gap);
    const data: uPlot.AlignedData = [x, high, low, y];
    const theme = `${document.documentElement.dataset.theme} ${document.documentElement.lang}`;
    if (this.#plot && this.#made === theme) {
      this.#plot.setData(data);
      return;
    }
    this.#plot?.destroy();
    this.#made = theme;
    this.#plot = new uPlot(this.#options(), data, this.place);
  }

  #options(): uPlot.Options {
    const style = getComputedStyle(this);
    const colour = (token: string) => style.getPropertyValue(token).trim();
    const font = `11px ${style.getPropertyValue("--font-figures")}`;
    const stepped =
      isFlag(this.name) || this.name === "printer_state" ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
    const grid = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: colour("--ink-3"), font, grid, ticks: { show: false } };
    // Its edges are lines: a fill that is a minute of a year wide would be no wider than a hair, and as pale.
    const paths = stepped && { paths: stepped };
    const lonely: uPlot.Series.Points = {
      show: false,
      size: 4,
      fill: colour("--ink-2"),
      filter: (plot, series) => alone(Array.from(plot.data[series] ?? [])),
    };
    const band = { stroke: colour("--ink-3"), width: 0.75, points: { show: false }, ...paths };
    return {
      width: this.place.clientWidth,
      height: HEIGHT_PX,
      padding: [8, GUTTER_RIGHT, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        sync: { key: this.group, setSeries: false },
        points: { size: 7, fill: colour("--ink"), stroke: colour("--surface"), width: 2 },
      },
      scales: {
        x: { time: false, range: () => [this.from / 1000, this.to / 1000] },
        y: { range: (_plot, min, max) => this.#range(min, max) },
      },
      series: [{}, band, band, { stroke: colour("--ink-2"), width: 1.5, points: lonely, ...paths }],
      bands: [{ series: [1, 2], fill: colour("--line") }],
      axes: [
        {
          ...axis,
          size: AXIS_PX,
          gap: 4,
          splits: (plot) => ticks(this.from, this.to, plot.bbox.width / devicePixelRatio).map((each) => each / 1000),
          values: (_plot, at) => at.map((each) => tickLabel(each * 1000, this.to - this.from)),
        },
        {
          ...axis,
          size: GUTTER_LEFT,
          gap: 8,
          space: 34,
          ...(isFlag(this.name) ? { splits: () => [0, 1] } : {}),
          incrs: this.#whole() ? STEPS.filter((each) => each >= 1) : STEPS,
          values: (_plot, at, _axis, _space, step) => at.map((each) => this.#tick(each, step)),
        },
      ],
      hooks: {
        drawClear: [(plot) => this.#shade(plot)],
        setCursor: [
          (plot) => {
            this.at = plot.cursor.idx ?? null;
          },
        ],
      },
    };
  }

  #whole(): boolean {
    return this.metric?.unit === "" && this.metric.digits === 0;
  }

  /** With as many decimals as the step needs; a prefix such as "M" stays with its figure, the unit is in the caption. */
  #tick(value: number, step: number): string {
    const unit = this.metric?.unit ?? "";
    // By the step, so that one axis never mixes two units.
    if (inMilliseconds(this.name, step))
      return joined({ text: number(value * 1000, decimals(step * 1000)), unit: "ms" });
    if (unit === "s") return step < 1 ? number(value, decimals(step)) : signedDuration(value);
    if (unit === "bit/s" || unit === "B" || isFlag(this.name) || this.name === "printer_state") {
      const words = shown(this.metric, this.name, value);
      return `${words.text}${words.unit.replace(unit, "").trim()}`;
    }
    return number(value, decimals(step));
  }

  /** Percentages stand on 0 to 100 so that charts compare; others leave room around what is there. */
  #range(min: number | null, max: number | null): [number, number] {
    if (isFlag(this.name)) return [-0.1, 1.1];
    if (this.metric?.unit === "%") return [0, 100];
    const [low, high] = [min ?? 0, max ?? 1];
    const room = Math.max((high - low) * 0.15, Math.abs(high) * 0.04) || 1;
    return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
  }

  #shade(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const style = getComputedStyle(this);
    // The worst last, so that nothing milder covers it.
    const order = ["info", "attention", "failure"];
    for (const span of [...this.spans].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))) {
      const left = Math.max(bbox.left, plot.valToPos(span.start_ms / 1000, "x", true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos((span.end_ms ?? this.to) / 1000, "x", true));
      if (right <= bbox.left || left >= bbox.left + bbox.width) continue;
      ctx.fillStyle = style.getPropertyValue(`--${span.severity}-ground`).trim();
      ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
    }
  }

  override render() {
    const { history } = this;
    const label = `${metricLabel(this.metric, this.name)}${whichOne({ metric: this.name, instance: this.instance }, this.names)}`;
    return html`<figure aria-label=${this.#summary(label)}>
      <figcaption><span class="name">${label}</span>${this.#caption()}</figcaption>
      <div class="plot" aria-hidden="true">
        ${
          this.failed
            ? html`<div class="note">${t("chart.error")}</div>`
            : history && history.times_ms.length === 0
              ? html`<div class="note">${t("chart.none")}</div>`
              : history
                ? nothing
                : html`<div class="note bone"></div>`
        }
      </div>
    </figure>`;
  }

  #caption() {
    const data = this.#plot?.data;
    const under = this.at !== null && data ? (data[3]?.[this.at] as number | null | undefined) : undefined;
    if (under !== undefined && under !== null && this.at !== null && data) {
      const time = (data[0][this.at] ?? 0) * 1000;
      return html`<span class="value num">${joined(shown(this.metric, this.name, under))}</span>
        ${this.#extremes(data, this.at)}<span class="moment num">${momentLabel(time)}</span>`;
    }
    const last = this.history?.values.at(-1);
    const time = this.history?.times_ms.at(-1);
    if (last === undefined || time === undefined) return nothing;
    const words = joined(shown(this.metric, this.name, last));
    if (this.to - time <= this.gap) return html`<span class="value num">${words}</span>`;
    return html`<span class="moment num">${words}</span><span class="moment num">${momentLabel(time)}</span>`;
  }

  /** What a stretch reached, where that is more than its mean. */
  #extremes(data: uPlot.AlignedData, at: number) {
    const [high, low] = [data[1]?.[at], data[2]?.[at]];
    if (typeof low !== "number" || typeof high !== "number") return nothing;
    const [least, most] = [low, high].map((each) => joined(shown(this.metric, this.name, each)));
    return least === most ? nothing : html`<span class="moment num">${least} – ${most}</span>`;
  }

  #summary(label: string): string {
    const values = this.history?.values ?? [];
    if (values.length === 0) return label;
    const low = (this.history?.low.length ? this.history.low : values).reduce((a, b) => Math.min(a, b));
    const high = (this.history?.high.length ? this.history.high : values).reduce((a, b) => Math.max(a, b));
    return t("chart.summary", {
      metric: label,
      from: momentLabel(this.from),
      to: momentLabel(this.to),
      low: joined(shown(this.metric, this.name, low)),
      high: joined(shown(this.metric, this.name, high)),
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "reading-chart": ReadingChart;
  }
}
