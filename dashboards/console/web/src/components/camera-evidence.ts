/** Can this camera be trusted: the pictures that showed what was wrong, what its recorder keeps, and the proof of it. */
import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { httpApi } from "../api/client.ts";
import { EvidenceLoader } from "../live/evidence.ts";
import { pageStyles } from "../pages/page-styles.ts";
import { conditionsOf, type Seen } from "../words/state.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { evidenceStyles } from "./evidence-styles.ts";
import { bone, skeletonStyles } from "./page-notes.ts";
import "./coverage-strip.ts";
import "./proof-list.ts";
import "./seen-pictures.ts";

@customElement("camera-evidence")
export class CameraEvidence extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  #loader = new EvidenceLoader(this, httpApi.evidence);

  static override styles = [shared, skeletonStyles, pageStyles, evidenceStyles];

  protected override willUpdate(): void {
    if (this.seen) this.#loader.of({ ward: this.seen.ward.id, device: this.seen.device.id });
  }

  override render() {
    if (!this.seen) return nothing;
    const { found, failed } = this.#loader;
    const { ward, now } = this.seen;
    if (!found) {
      return html`<section>
        <h2>${t("coverage.title")}</h2>
        <div class="panel inside">
          ${failed ? html`<p class="quiet">${t("coverage.error")}</p>` : [bone("240px", "26px"), bone("100%", "64px")]}
        </div>
      </section>`;
    }
    const { coverage, proofs, pictures } = found;
    return html`${
      pictures.length
        ? html`<section>
          <h2>${t("seen.title")}</h2>
          <div class="panel inside">
            <seen-pictures
              ward=${ward.id}
              .pictures=${pictures}
              .conditions=${conditionsOf(this.seen)}
              .now=${now}
            ></seen-pictures>
          </div>
        </section>`
        : nothing
    }
      <section data-testid="coverage">
        <h2>${t("coverage.title")}</h2>
        <div class="panel inside">
          ${
            coverage
              ? html`<coverage-strip .coverage=${coverage} .now=${now}></coverage-strip>`
              : html`<p class="quiet">${t("coverage.none")}</p>`
          }
        </div>
      </section>
      ${
        coverage || proofs.length
          ? html`<section data-testid="proofs">
            <h2>${t("proof.title")}</h2>
            <div class="panel inside">
              <p class="lead">${t("proof.lead")}</p>
              <proof-list ward=${ward.id} .proofs=${proofs}></proof-list>
            </div>
          </section>`
          : nothing
      }`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "camera-evidence": CameraEvidence;
  }
}
