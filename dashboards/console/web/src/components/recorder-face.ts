/** A recorder looks like what it keeps: a strip for each of its cameras, its disks, and its clock where it is off. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { httpApi } from "../api/client.ts";
import type { Coverage } from "../api/types.ts";
import { EvidenceLoader } from "../live/evidence.ts";
import { clockWords } from "../words/evidence.ts";
import { natural, readingsOf } from "../words/state.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles, percent, share } from "./face.ts";
import { icon } from "./icons.ts";
import "./coverage-strip.ts";

const MOST = 6;

@customElement("recorder-face")
export class RecorderFace extends Face {
  /** The cameras' names by id, where they are known. */
  @property({ attribute: false }) names: ReadonlyMap<string, string> = new Map();
  /** In the gallery: what would be asked for. */
  @property({ attribute: false }) cameras: readonly Coverage[] | undefined;
  #loader = new EvidenceLoader(this, httpApi.coverage);

  static override styles = [
    shared,
    faceStyles,
    css`
      .strips {
        display: grid;
        gap: 5px;
      }
      .disks {
        display: grid;
        grid-template-columns: auto minmax(48px, 1fr) auto;
        gap: 6px var(--space-3);
        align-items: center;
        margin-top: var(--space-3);
      }
      .recording {
        display: flex;
        align-items: flex-start;
        gap: 5px;
        margin-top: var(--space-3);
      }
      .recording svg {
        flex: none;
        margin-top: 2px;
        color: var(--ink-3);
      }
      .disk {
        display: inline-flex;
        align-items: center;
        gap: 5px;
      }
      .disk svg {
        color: var(--ink-3);
      }
      .bad,
      .recording.bad svg,
      .bad svg {
        color: var(--failure);
        font-weight: 600;
      }
      .figure {
        text-align: right;
      }
      .clock {
        display: flex;
        align-items: center;
        gap: 5px;
        margin-top: var(--space-2);
      }
      .off {
        color: var(--attention);
        font-weight: 500;
      }
    `,
  ];

  protected override willUpdate(): void {
    if (this.seen && !this.cameras && !this.large) {
      this.#loader.of({ ward: this.seen.ward.id, device: this.seen.device.id });
    }
  }

  override render() {
    if (!this.seen) return nothing;
    const disks = this.#disks();
    const cameras = this.cameras ?? this.#loader.found?.cameras ?? [];
    const offset = this.value("clock_offset_seconds");
    const off = clockWords(offset?.value ?? null);
    const recording = readingsOf(this.seen.device, "recording");
    // On its own page what it keeps of its cameras stands below; this is of what it does, its disks and its clock.
    const nothingElse = this.large ? !offset : cameras.length === 0 && !off;
    if (nothingElse && disks.length === 0 && recording.length === 0) {
      return html`<p class="quiet">${t(this.large ? "recorder.nothing_itself" : "recorder.nothing")}</p>`;
    }
    return html`<div class=${offset?.old ? "old" : ""}>
      ${cameras.length && !this.large ? this.#strips(cameras) : nothing}
      ${recording.length ? this.#recording(recording) : nothing}
      ${disks.length ? this.#disksShown(disks) : nothing}
      ${
        off || (this.large && offset)
          ? html`<p class="clock num ${off ? "off" : ""}">
            ${icon(off ? "attention" : "ok", 14)}${off || t("recorder.clock_right")}
          </p>`
          : nothing
      }
    </div>`;
  }

  #strips(cameras: readonly Coverage[]) {
    const more = cameras.length - MOST;
    return html`<div class="strips">
      ${cameras.slice(0, MOST).map(
        (each) => html`<coverage-strip
            mini
            .coverage=${each}
            .now=${this.seen?.now ?? 0}
            name=${this.names.get(each.camera) ?? each.camera}
          ></coverage-strip>`,
      )}
      ${more > 0 ? html`<p class="label">${t("recorder.more", { n: more })}</p>` : nothing}
    </div>`;
  }

  /** How many of its cameras it writes down now, and which it does not. */
  #recording(cameras: readonly { instance: string; value: number }[]) {
    const silent = cameras
      .filter((each) => each.value === 0)
      .map((each) => this.names.get(each.instance) ?? each.instance);
    const n = cameras.length - silent.length;
    return html`<p class="recording ${silent.length ? "bad" : ""}">
      ${icon(silent.length ? "failure" : "ok", 14)}<span
        >${t("recorder.recording", { n, of: cameras.length })}${
          silent.length ? html` (${t("recorder.not_recording", { names: silent.join(", ") })})` : nothing
        }</span
      >
    </p>`;
  }

  #disks(): { name: string; healthy: boolean; used: number | undefined }[] {
    if (!this.seen) return [];
    const { device } = this.seen;
    const used = new Map(readingsOf(device, "disk_used_percent").map((each) => [each.instance, each.value]));
    const healthy = new Map(readingsOf(device, "disk_healthy").map((each) => [each.instance, each.value !== 0]));
    return [...new Set([...used.keys(), ...healthy.keys()])]
      .sort(natural)
      .map((name) => ({ name, healthy: healthy.get(name) ?? true, used: used.get(name) }));
  }

  #disksShown(disks: { name: string; healthy: boolean; used: number | undefined }[]) {
    return html`<div class="disks">
      ${disks.map(
        ({ name, healthy, used }) => html`<span class="disk ${healthy ? "" : "bad"}"
            >${icon(healthy ? "ok" : "failure", 14)}${name ? t("recorder.disk", { name }) : t("server.disk_one")}</span
          >
          ${
            used === undefined
              ? html`<span></span><span></span>`
              : html`<span class="track"><i style="width:${share(used)}%"></i></span>
                <span class="num figure">${percent(used)}</span>`
          }`,
      )}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "recorder-face": RecorderFace;
  }
}
