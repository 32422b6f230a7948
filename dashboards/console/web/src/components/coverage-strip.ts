/** What a recorder keeps of a camera: its verdict in words, then the days of the window as a strip, then its gaps. */
import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Coverage, Gap } from "../api/types.ts";
import { clockWords, type DayShown, daysShown, forecastWords, stateWords, verdictWords } from "../words/evidence.ts";
import { clock, date, duration, momentOf, number } from "../words/format.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { coverageStyles } from "./coverage-styles.ts";
import { icon, type Mark } from "./icons.ts";

const DAY_MS = 86_400_000;
const MOST_GAPS = 8;
const MARKS: Record<string, Mark> = { proven: "ok", failure: "failure", attention: "attention", plain: "unpolled" };
const LEGEND = ["full", "partial", "motion", "closed", "before", "unknown"] as const;

@customElement("coverage-strip")
export class CoverageStrip extends Part {
  @property({ attribute: false }) coverage: Coverage | undefined;
  @property({ type: Number }) now = 0;
  /** Before the words: which camera, where several stand one under another. */
  @property() name = "";
  @property() href = "";
  /** One row: name, strip, verdict. */
  @property({ type: Boolean, reflect: true }) mini = false;
  /** The day that the pointer or the arrow keys are on. */
  @state() private at: number | null = null;
  @state() private all = false;

  static override styles = [shared, coverageStyles];

  override render() {
    const { coverage } = this;
    if (!coverage) return nothing;
    const days = daysShown(coverage, this.now);
    const verdict = verdictWords(coverage, this.now);
    const mark = html`<span class="mark ${verdict.tone}">${icon(MARKS[verdict.tone] ?? "unpolled", this.mini ? 14 : 18)}</span>`;
    if (this.mini) {
      return html`<div class="row" title=${verdict.what}>
        <span class="who">${this.name}</span>${this.#strip(days)}${mark}<span class="hidden">${verdict.what}</span>
      </div>`;
    }
    return html`<div class="whole" data-testid="coverage-${coverage.camera}" data-verdict=${coverage.verdict}>
      ${this.name ? html`<p class="name">${this.href ? html`<a href=${this.href}>${this.name}</a>` : this.name}</p>` : nothing}
      <div class="verdict">
        ${mark}
        <div>
          <p class="what ${verdict.tone}">${verdict.what}</p>
          ${verdict.more ? html`<p class="then">${verdict.more}</p>` : nothing}
        </div>
      </div>
      <div
        class="reach"
        style="--days:${days.length}"
        role="group"
        tabindex="0"
        aria-label=${t("coverage.strip_label", { n: days.length })}
        @keydown=${(event: KeyboardEvent) => this.#key(event, days.length)}
        @pointerleave=${() => this.#go(null)}
        @blur=${() => this.#go(null)}
      >
        ${this.#strip(days)}
        <div class="axis num" aria-hidden="true">
          ${days.map((day, place) =>
            day.today
              ? html`<span class="now" style="grid-column:${place + 1}">${t("coverage.today")}</span>`
              : (days.length - 1 - place) % 7 === 0
                ? html`<span style="grid-column:${place + 1}">${day.date}</span>`
                : nothing,
          )}
        </div>
      </div>
      <p class="read num" aria-live="polite">${this.#read(days)}</p>
      ${this.#facts(coverage)} ${this.#gaps(coverage)}
    </div>`;
  }

  #strip(days: DayShown[]) {
    return html`<ol class="strip" style="--days:${days.length}" aria-hidden=${this.mini ? "true" : nothing}>
      ${days.map(
        (day, place) => html`<li
          class="${day.state} ${day.today ? "today" : ""} ${place === this.at ? "at" : ""}"
          @pointerenter=${() => this.#go(place)}
        >
          ${day.state === "full" || day.state === "partial" || day.state === "motion" ? html`<i style="height:${day.state === "motion" ? 100 : Math.max(6, day.percent)}%"></i>` : nothing}
          ${day.state === "missing" ? nothing : day.gaps.map((gap) => this.#gap(gap, day))}
          ${this.mini ? nothing : html`<span class="hidden">${this.#words(day)}</span>`}
        </li>`,
      )}
    </ol>`;
  }

  /** Where in the day it is: midnight on the left, the next on the right. */
  #gap(gap: Gap, day: DayShown) {
    const share = (ms: number) => (100 * Math.min(DAY_MS, Math.max(0, ms - day.startMs))) / DAY_MS;
    const left = share(gap.from_ms);
    return html`<b style="left:${left}%;width:max(2px,${share(gap.to_ms) - left}%)"></b>`;
  }

  #go(place: number | null): void {
    if (!this.mini) this.at = place;
  }

  #key(event: KeyboardEvent, count: number): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -count, End: count };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const from = this.at ?? (step > 0 ? -1 : count);
    this.at = Math.max(0, Math.min(count - 1, from + step));
  }

  #read(days: DayShown[]) {
    const day = this.at === null ? undefined : days[this.at];
    if (day) return this.#words(day);
    const there = new Set(days.map(({ state }) => (state === "missing" ? "partial" : state)));
    const gaps = days.some((day) => day.gaps.length > 0);
    return html`<span class="legend">
      ${LEGEND.filter((state) => there.has(state)).map(
        (state) => html`<span><i class="key ${state}"></i>${stateWords(state)}</span>`,
      )}
      ${gaps ? html`<span><i class="key gap"></i>${t("coverage.gap")}</span>` : nothing}
    </span>`;
  }

  #words(day: DayShown): string {
    const said = [`${date(day.startMs)}: ${stateWords(day.state)}`];
    if (day.state === "partial" || day.state === "full" || day.state === "motion") {
      said.push(t("coverage.day_open", { percent: number(day.percent, day.percent < 100 ? 1 : 0) }));
    }
    if (day.gaps.length) said.push(t("coverage.day_gaps", { gaps: day.gaps.map(shortGap).join(", ") }));
    return said.join(" · ");
  }

  #facts(coverage: Coverage) {
    const forecast = forecastWords(coverage, this.now);
    const slow = clockWords(coverage.clock_offset_seconds);
    const facts: [string, boolean][] = [];
    if (coverage.open_percent !== null)
      facts.push([t("coverage.open_percent", { percent: number(coverage.open_percent, 1) }), false]);
    if (coverage.whole_percent !== null)
      facts.push([t("coverage.whole_percent", { percent: number(coverage.whole_percent, 1) }), false]);
    if (forecast) facts.push([forecast.words, forecast.bad]);
    if (slow) facts.push([slow, Math.abs(coverage.clock_offset_seconds ?? 0) > 60]);
    facts.push([t("coverage.asked", { time: momentOf(coverage.seen_ms) }), false]);
    return html`<ul class="facts num">
      ${facts.map(([words, bad]) => html`<li class=${bad ? "bad" : ""}>${bad ? icon("attention", 14) : nothing}${words}</li>`)}
    </ul>`;
  }

  #gaps(coverage: Coverage) {
    const newest = [...coverage.gaps].sort((a, b) => b.from_ms - a.from_ms);
    if (newest.length === 0) return nothing;
    const shown = this.all ? newest : newest.slice(0, MOST_GAPS);
    return html`<div class="gaps">
      <p class="label">${t("coverage.gaps", { n: newest.length })}</p>
      <ul class="num">
        ${shown.map((gap) => html`<li><span>${longGap(gap)}</span><span class="quiet">${duration((gap.to_ms - gap.from_ms) / 1000)}</span></li>`)}
      </ul>
      ${
        newest.length > shown.length
          ? html`<button class="button" @click=${() => {
              this.all = true;
            }}>${t("coverage.more_gaps", { n: newest.length - shown.length })}</button>`
          : nothing
      }
    </div>`;
  }
}

const shortGap = ({ from_ms, to_ms }: Gap): string => `${clock(from_ms)}–${clock(to_ms)}`;

const longGap = ({ from_ms, to_ms }: Gap): string =>
  date(from_ms) === date(to_ms)
    ? `${date(from_ms)}, ${clock(from_ms)} – ${clock(to_ms)}`
    : `${momentOf(from_ms)} – ${momentOf(to_ms)}`;

declare global {
  interface HTMLElementTagNameMap {
    "coverage-strip": CoverageStrip;
  }
}
