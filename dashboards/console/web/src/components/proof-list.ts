/** Moments that were asked of the recorder, each with the picture that came: the proof that footage can be had. */
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Proof } from "../api/types.ts";
import { clock, date, duration, momentOf, number } from "../words/format.ts";
import { datedBy, reasonParts, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { icon } from "./icons.ts";
import "./kept-picture.ts";

const FIRST = 6;

@customElement("proof-list")
export class ProofList extends Part {
  @property() ward = "";
  @property({ attribute: false }) proofs: readonly Proof[] = [];
  /** In the gallery: an image for all of them. */
  @property() source = "";
  @state() private all = false;

  static override styles = [
    shared,
    css`
      ul {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(calc(50% - 8px), 188px), 1fr));
        gap: var(--space-4);
      }
      li {
        min-width: 0;
        font-size: var(--size-2);
        line-height: 1.45;
      }
      .result {
        display: flex;
        align-items: center;
        flex-wrap: wrap;
        gap: 0 5px;
        margin-top: var(--space-2);
        font-weight: 600;
      }
      .result svg {
        color: var(--proven-mark);
      }
      .bad {
        color: var(--failure);
      }
      .bad svg {
        color: var(--failure-mark);
      }
      .oldest {
        padding: 0 6px;
        white-space: nowrap;
        border-radius: 999px;
        background: var(--sunken);
        color: var(--ink-2);
        font-size: 11px;
        font-weight: 500;
      }
      p {
        overflow-wrap: anywhere;
      }
      details {
        margin-top: 2px;
        color: var(--ink-3);
        font-size: var(--size-1);
      }
      summary {
        min-height: 28px;
        line-height: 28px;
        cursor: pointer;
      }
      code {
        display: block;
        overflow-wrap: anywhere;
        font-family: ui-monospace, monospace;
        font-size: 11px;
        line-height: 1.5;
      }
      .button {
        margin-top: var(--space-4);
      }
    `,
  ];

  override render() {
    const shown = this.all ? this.proofs : this.proofs.slice(0, FIRST);
    if (shown.length === 0) return html`<p class="quiet">${t("proof.none")}</p>`;
    return html`<ul>
        ${shown.map((proof) => this.#proof(proof))}
      </ul>
      ${
        this.proofs.length > shown.length
          ? html`<button class="button" @click=${() => {
              this.all = true;
            }}>${t("proof.more", { n: this.proofs.length - shown.length })}</button>`
          : nothing
      }`;
  }

  #proof(proof: Proof) {
    const asked = momentOf(proof.asked_ms, true);
    const label = t("proof.label", { time: proof.shown_ms === null ? asked : momentOf(proof.shown_ms, true) });
    return html`<li data-testid="proof" data-proves=${proof.proves}>
      <kept-picture ward=${this.ward} .picture=${proof.picture} label=${label} source=${this.source}></kept-picture>
      <p class="result ${proof.proves ? "" : "bad"}">
        ${icon(proof.proves ? "ok" : "failure", 15)}${t(proof.proves ? "proof.proves" : "proof.fails")}
        ${proof.is_oldest ? html`<span class="oldest">${t("proof.oldest")}</span>` : nothing}
      </p>
      <p class="num">${t("proof.asked", { time: asked })}</p>
      <p class="num quiet">${this.#shown(proof)}</p>
      <details>
        <summary>${t("proof.how")}</summary>
        <p class="num">${t("proof.when", { time: momentOf(proof.seen_ms) })}</p>
        ${proof.shown_ms === null ? nothing : html`<p>${t("proof.dated", { by: datedBy(proof.dated_by) })}</p>`}
        ${
          proof.clock_offset_seconds === null
            ? nothing
            : html`<p class="num">${t("proof.clock", { n: number(proof.clock_offset_seconds, 1) })}</p>`
        }
        ${proof.frame_sha256 ? html`<p>${t("proof.frame")}<code>${proof.frame_sha256}</code></p>` : nothing}
        ${proof.picture ? html`<p>${t("proof.picture")}<code>${proof.picture.sha256}</code></p>` : nothing}
      </details>
    </li>`;
  }

  #shown(proof: Proof): string {
    const { asked_ms, shown_ms, reason, decoded } = proof;
    if (shown_ms === null || !decoded) return reason ? reasonParts(reason).what : t("proof.nothing");
    const off = Math.abs(shown_ms - asked_ms) / 1000;
    const time = date(shown_ms) === date(asked_ms) ? clock(shown_ms, true) : momentOf(shown_ms, true);
    return t("proof.shown", { time, off: off < 1 ? `${number(off, 1)}\u00a0s` : duration(off) });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "proof-list": ProofList;
  }
}
