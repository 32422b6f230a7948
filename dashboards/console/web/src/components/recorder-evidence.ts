/** What a recorder keeps of each of its cameras, one strip under another, the worst first. */
import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { httpApi } from "../api/client.ts";
import type { Coverage, Device, Verdict } from "../api/types.ts";
import { EvidenceLoader } from "../live/evidence.ts";
import { pageStyles } from "../pages/page-styles.ts";
import type { Seen } from "../words/state.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { evidenceStyles } from "./evidence-styles.ts";
import { bone, skeletonStyles } from "./page-notes.ts";
import "./coverage-strip.ts";

const WORST_FIRST: readonly Verdict[] = ["not_met", "motion_only", "unknown", "not_yet_provable", "met"];

@customElement("recorder-evidence")
export class RecorderEvidence extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  @property({ attribute: false }) devices: readonly Device[] = [];
  #loader = new EvidenceLoader(this, httpApi.coverage);

  static override styles = [shared, skeletonStyles, pageStyles, evidenceStyles];

  protected override willUpdate(): void {
    if (this.seen) this.#loader.of({ ward: this.seen.ward.id, device: this.seen.device.id });
  }

  override render() {
    if (!this.seen) return nothing;
    return html`<section data-testid="coverage">
      <h2>${t("coverage.title")}</h2>
      <div class="panel inside each">${this.#inside(this.seen)}</div>
    </section>`;
  }

  #inside({ ward, now }: Seen) {
    const { found, failed } = this.#loader;
    if (!found) {
      return failed ? html`<p class="quiet">${t("coverage.error")}</p>` : [bone("240px", "26px"), bone("100%", "64px")];
    }
    if (found.cameras.length === 0) return html`<p class="quiet">${t("coverage.none_recorder")}</p>`;
    const rank = ({ verdict }: Coverage) => WORST_FIRST.indexOf(verdict);
    const sorted = [...found.cameras].sort((a, b) => rank(a) - rank(b));
    return repeat(
      sorted,
      ({ camera }) => camera,
      (each) => html`<coverage-strip
        .coverage=${each}
        .now=${now}
        name=${this.devices.find(({ id }) => id === each.camera)?.name ?? each.camera}
        href="/wards/${ward.id}/devices/${each.camera}"
      ></coverage-strip>`,
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "recorder-evidence": RecorderEvidence;
  }
}
