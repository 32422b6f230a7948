/** The gallery: every component in every state, for people and for the tests' photographs. */
import { css, html } from "lit";
import { customElement } from "lit/decorators.js";
import { Part, shared } from "../components/base.ts";
import { setNow } from "../live/clock.ts";
import { knowMetrics } from "../words/metrics.ts";
import { CARDS, FACES, type Group, PICTURES } from "./cases.ts";
import { EVIDENCE } from "./evidence-cases.ts";
import { KIND_FACES } from "./kind-cases.ts";
import { METRICS, NOW } from "./made.ts";
import { PARTS, TIMES } from "./time-cases.ts";
import "../app/live-mark.ts";
import "../app/reader-menu.ts";
import "../components/page-notes.ts";
import "../components/ward-card.ts";
import "../components/ward-tile.ts";
import "../components/device-card.ts";
import "../components/camera-tile.ts";
import "../components/condition-line.ts";
import "../components/live-picture.ts";
import "../pages/device-page.ts";

@customElement("ww-gallery")
export class Gallery extends Part {
  static override styles = [
    shared,
    css`
      :host {
        max-width: 1240px;
        margin: 0 auto;
        padding: var(--space-6) var(--space-4) var(--space-12);
      }
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        margin-bottom: var(--space-6);
      }
      h1 {
        font-size: var(--size-5);
      }
      h2 {
        margin: var(--space-8) 0 var(--space-3);
        font-size: var(--size-4);
      }
      .cases {
        display: grid;
        gap: var(--space-5) var(--space-4);
        grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--least)), 1fr));
        align-items: start;
      }
      .small {
        --least: 150px;
      }
      .card {
        --least: 280px;
      }
      .half {
        --least: 480px;
      }
      .full {
        --least: 100%;
      }
      .label {
        margin-bottom: var(--space-1);
        font-family: ui-monospace, monospace;
      }
      .stage {
        padding: var(--space-3);
        border: 1px solid var(--line);
        border-radius: var(--radius-2);
        background: var(--surface);
      }
      .bare .stage {
        padding: 0;
        border: 0;
        background: none;
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    setNow(NOW);
    knowMetrics(METRICS);
  }

  override render() {
    return html`<header><h1>WardWatch · gallery</h1><reader-menu></reader-menu></header>
      ${[...FACES, ...KIND_FACES, ...CARDS, ...PICTURES, ...EVIDENCE, ...TIMES, ...PARTS].map((group) => this.#group(group))}`;
  }

  #group({ part, wide, cases }: Group) {
    const bare = part === "device-card" || part === "ward-tile" || part === "camera-tile";
    return html`<section data-testid="gallery-${part}">
      <h2>&lt;${part}&gt;</h2>
      <div class="cases ${wide} ${bare ? "bare" : ""}">
        ${cases.map(
          ({ state, shows }) => html`<div data-testid="gallery-${part}-${state}">
            <p class="label">${state}</p>
            <div class="stage">${shows}</div>
          </div>`,
        )}
      </div>
    </section>`;
  }
}
