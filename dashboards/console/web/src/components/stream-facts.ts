/** What a camera's stream is, by the stream itself: codec, size, rate, bitrate, how often a keyframe comes. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import type { Metric } from "../api/types.ts";
import { joined, shown } from "../words/format.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles } from "./face.ts";

const CODECS: Record<string, string> = { h264: "H.264", hevc: "H.265", h265: "H.265", mjpeg: "MJPEG" };
const BITRATE: Metric = { name: "", unit: "bit/s", digits: 0, vi: "", en: "" };

@customElement("stream-facts")
export class StreamFacts extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      dl {
        display: grid;
        gap: 6px;
      }
      div {
        display: flex;
        justify-content: space-between;
        gap: var(--space-3);
      }
      dt {
        color: var(--ink-3);
      }
      dd {
        color: var(--ink);
        text-align: right;
      }
      .old dd {
        color: var(--ink-3);
      }
    `,
  ];

  #fact(...names: string[]): string {
    return this.seen?.device.facts.find((each) => names.includes(each.name))?.text ?? "";
  }

  override render() {
    const rate = this.value("frame_rate_hz");
    const bits = this.value("bitrate_bits_per_second");
    const keyframe = this.value("keyframe_interval_seconds");
    const codec = this.#fact("codec");
    const profile = [this.#fact("profile"), this.#fact("level")].filter(Boolean).join(" @ ");
    const rows: [string, string][] = [
      [t("picture.codec"), [CODECS[codec.toLowerCase()] ?? codec, profile].filter(Boolean).join(" · ")],
      [t("picture.size"), this.#fact("resolution", "size").replace(/\s*[x×]\s*/, " × ")],
      [t("picture.rate"), rate ? t("picture.rate_value", { n: joined(shown(undefined, "", rate.value)) }) : ""],
      [t("picture.bitrate"), bits ? joined(shown(BITRATE, "", bits.value)) : ""],
      [t("picture.keyframes"), keyframe ? t("picture.keyframes_value", { n: secondsWords(keyframe.value) }) : ""],
    ];
    const known = rows.filter(([, text]) => text);
    if (known.length === 0) return nothing;
    return html`<dl class=${(rate ?? bits ?? keyframe)?.old ? "old" : ""}>
      ${known.map(([name, text]) => html`<div><dt>${name}</dt><dd class="num">${text}</dd></div>`)}
    </dl>`;
  }
}

const secondsWords = (value: number): string =>
  joined({ ...shown({ ...BITRATE, unit: "", digits: value % 1 > 0.05 && value % 1 < 0.95 ? 1 : 0 }, "", value) });

declare global {
  interface HTMLElementTagNameMap {
    "stream-facts": StreamFacts;
  }
}
