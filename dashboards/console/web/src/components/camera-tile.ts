/** A camera among its ward's: what it sees now, its name, and what is wrong with it. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { conditionsOf, healthOf, type Seen } from "../words/state.ts";
import { conditionTitle, kindWord, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import type { LivePicture } from "./live-picture.ts";
import { tone, tones } from "./state-mark.ts";
import "./live-picture.ts";
import "./state-mark.ts";

@customElement("camera-tile")
export class CameraTile extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  /** The device whose failure explains that this one does not answer; "" where there is none. */
  @property() cause = "";
  /** In the gallery: the picture's state by hand. */
  @property({ attribute: false }) shown: LivePicture["shown"];
  @property({ attribute: false }) shownThumbnail = "";

  static override styles = [
    shared,
    tones,
    css`
      :host {
        min-width: 0;
      }
      .tile {
        position: relative;
        height: 100%;
        border: 1px solid var(--line);
        border-radius: var(--radius-3);
        background: var(--surface);
        transition: border-color var(--ease);
      }
      .tile:hover live-picture {
        --full: 1;
      }
      .tile:hover {
        border-color: var(--line-strong);
      }
      .failure,
      .attention {
        border-color: color-mix(in srgb, var(--tone-mark) 55%, transparent);
      }
      /* Above the link that spans the tile, for its button's sake; elsewhere it lets the pointer through. */
      live-picture {
        z-index: 1;
        pointer-events: none;
        --picture-radius: calc(var(--radius-3) - 1px) calc(var(--radius-3) - 1px) 0 0;
      }
      footer {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        justify-content: space-between;
        gap: 0 var(--space-3);
        padding: var(--space-2) var(--space-3);
        min-height: 44px;
      }
      a {
        color: var(--ink);
        text-decoration: none;
      }
      /* The whole tile leads to the camera; only the picture's own button stands above that. */
      a::after {
        content: "";
        position: absolute;
        inset: 0;
        border-radius: var(--radius-3);
      }
      a:focus-visible {
        outline: none;
      }
      a:focus-visible::after {
        outline: 2px solid var(--focus);
        outline-offset: 2px;
      }
      h3 {
        font-size: var(--size-3);
        overflow-wrap: anywhere;
      }
      .place {
        color: var(--ink-3);
        font-size: var(--size-1);
        line-height: 1.4;
      }
    `,
  ];

  /** "f" on a tile that has the focus; the picture itself hears it when the focus is on its own button. */
  #key = (event: KeyboardEvent): void => {
    const plain = event.key === "f" && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!plain || !(event.target instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    this.renderRoot.querySelector("live-picture")?.toggleFullscreen();
  };

  override render() {
    if (!this.seen) return nothing;
    const { device, ward } = this.seen;
    const health = healthOf(this.seen);
    return html`<div class="tile ${this.cause ? "plain" : tone(health)}" data-testid="device-${device.id}" @keydown=${this.#key}>
      <live-picture
        ward=${ward.id}
        device=${device.id}
        name=${device.name}
        stream="sub"
        .shown=${this.shown}
        .thumbnail=${device.thumbnail}
        .shownThumbnail=${this.shownThumbnail}
      ></live-picture>
      <footer>
        <div>
          <h3><a href="/wards/${ward.id}/devices/${device.id}">${device.name}</a></h3>
          <p class="place">${this.cause ? t("device.because", { name: this.cause }) : device.location || kindWord("camera")}</p>
        </div>
        ${health === "ok" ? nothing : this.#mark(this.seen)}
      </footer>
    </div>`;
  }

  #mark(seen: Seen) {
    const health = healthOf(seen);
    if (this.cause) return html`<state-mark health="stale" word=${t("health.unreachable")}></state-mark>`;
    const [first] = conditionsOf(seen);
    const said = first && ["attention", "failure", "info"].includes(health) ? conditionTitle(first.rule) : "";
    return html`<state-mark health=${health} word=${said}></state-mark>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "camera-tile": CameraTile;
  }
}
