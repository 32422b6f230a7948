/** What a camera's stream is, by the stream itself: codec, size, rate, bitrate, how often a keyframe comes. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import type { Metric } from "../api/types.ts";
import { joined, number, shown } from "../words/format.ts";
import { recorderSetting, sendsOther } from "../words/sentences.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles } from "./face.ts";
import { icon } from "./icons.ts";

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
        flex: none;
        color: var(--ink-3);
      }
      dd {
        color: var(--ink);
        text-align: right;
      }
      .other {
        display: inline-block;
        height: 14px;
        margin-right: 5px;
        vertical-align: -2px;
        color: var(--attention-mark);
      }
      .old dd {
        color: var(--ink-3);
      }
    `,
  ];

  #fact(name: string): string {
    return this.seen?.device.facts.find((each) => each.name === name)?.text ?? "";
  }

  /** A stream's figures; those of the one that is watched all the time bear no name. */
  #flows(instance: string): string {
    const rate = this.value("frame_rate_hz", instance);
    const bits = this.value("bitrate_bits_per_second", instance);
    return [
      rate ? t("picture.rate_value", { n: number(rate.value) }) : "",
      bits ? joined(shown(BITRATE, "", bits.value)) : "",
    ]
      .filter(Boolean)
      .join(" · ");
  }

  #setting({ what, rates }: { what: string[]; rates: string[] }) {
    const other = t("recorded.other");
    const mark =
      this.seen && sendsOther(this.seen.device)
        ? html`<span class="other" role="img" aria-label=${other} title=${other}>${icon("attention", 14)}</span>`
        : nothing;
    return html`<div><dt>${t("device.fact.recorder_setting")}</dt><dd class="num">${mark}${what.join(", ")}</dd></div>
      ${rates.length ? html`<div><dt></dt><dd class="num">${rates.join(" · ")}</dd></div>` : nothing}`;
  }

  override render() {
    const [main, sub] = [this.#fact("main_stream"), this.#fact("sub_stream")];
    const keyframe = this.value("keyframe_interval_seconds", "");
    const watched = this.#flows("");
    // "H.264 High 4.0, 1920×1080": what it is, then how large.
    const size = (text: string) => text.replace(/\s*[x×]\s*/, "\u00a0×\u00a0");
    const rows: [string, string][] = [
      [t("picture.stream.main"), size(main)],
      ["", this.#flows("main") || (sub ? "" : watched)],
      [t("picture.stream.sub"), size(sub)],
      ["", sub ? watched : ""],
      [t("picture.keyframes"), keyframe ? t("picture.keyframes_value", { n: trimmed(keyframe.value) }) : ""],
    ];
    const setting = this.seen && recorderSetting(this.seen.device);
    const known = rows.filter(([, text]) => text);
    if (known.length === 0) return nothing;
    const newest = keyframe ?? this.value("frame_rate_hz");
    return html`<dl class=${newest?.old ? "old" : ""}>
      ${known.map(([name, text]) => html`<div><dt>${name}</dt><dd class="num">${text}</dd></div>`)}
      ${setting?.what.length ? this.#setting(setting) : nothing}
    </dl>`;
  }
}

const trimmed = (seconds: number): string => number(seconds, Math.abs(seconds - Math.round(seconds)) < 0.05 ? 0 : 1);

declare global {
  interface HTMLElementTagNameMap {
    "stream-facts": StreamFacts;
  }
}
