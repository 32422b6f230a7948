/** A camera on its own page: the picture as large as the window lets it be, and the stream's own facts. */
import { css, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { number } from "../words/format.ts";
import type { Seen } from "../words/state.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import type { LivePicture } from "./live-picture.ts";
import "./live-picture.ts";

const COUNT_EVERY_MS = 2_000;

@customElement("camera-view")
export class CameraView extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  /** Frames a second over the last moments; null while none flow. */
  @state() private rate: number | null = null;
  @query("live-picture") private picture: LivePicture | undefined;
  #count: ReturnType<typeof setInterval> | undefined;
  #before = { frames: 0, ms: 0 };

  static override styles = [
    shared,
    css`
      live-picture {
        /* As wide as there is room, but never higher than what is left of the window under the first line. */
        max-width: calc((100vh - 240px) * 16 / 9);
        min-width: min(100%, 420px);
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-1) var(--space-6);
        margin-top: var(--space-3);
        min-height: 20px;
        font-size: var(--size-2);
      }
      div {
        display: flex;
        gap: var(--space-2);
      }
      dt {
        color: var(--ink-3);
      }
      @media (max-width: 640px) {
        live-picture {
          --picture-radius: var(--radius-2);
          max-width: none;
        }
        dl {
          gap: var(--space-1) var(--space-4);
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("picture", () => this.requestUpdate());
    this.#count = setInterval(() => this.#look(), COUNT_EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#count);
  }

  #look(): void {
    const { picture } = this;
    if (!picture) return;
    const now = { frames: picture.framesDrawn, ms: performance.now() };
    const gained = now.frames - this.#before.frames;
    this.rate = gained > 0 ? Math.round((gained * 1000) / (now.ms - this.#before.ms)) : null;
    this.#before = now;
  }

  override render() {
    if (!this.seen) return nothing;
    const { device, ward } = this.seen;
    return html`<live-picture ward=${ward.id} device=${device.id} name=${device.name} stream="main" keys .thumbnail=${device.thumbnail}></live-picture>
      <dl>${this.#facts().map(([name, text]) => html`<div><dt>${name}</dt><dd class="num">${text}</dd></div>`)}</dl>`;
  }

  #facts(): [string, string][] {
    const { picture } = this;
    if (!picture?.playing || this.rate === null) return [];
    const { width, height } = picture.size;
    return [
      [t("picture.stream"), t(`picture.stream.${picture.playing}`)],
      [t("picture.size"), `${width} × ${height}`],
      [t("picture.rate"), t("picture.rate_value", { n: number(this.rate) })],
      [t("picture.codec"), picture.codec.startsWith("avc") ? "H.264" : picture.codec],
    ];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "camera-view": CameraView;
  }
}
