/** A picture that evidence names, small; a click shows it whole. Never a broken image: what is not here says so. */
import { css, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { pictureAddress } from "../api/client.ts";
import type { KeptPicture as Kept } from "../api/types.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { icon, kindIcon } from "./icons.ts";

@customElement("kept-picture")
export class KeptPicture extends Part {
  @property() ward = "";
  @property({ attribute: false }) picture: Kept | null = null;
  /** What it shows, for who does not see it, and under the large one. */
  @property() label = "";
  /** In the gallery: the image itself. */
  @property() source = "";
  @state() private failed = "";
  @state() private large = false;
  @query("dialog") private dialog: HTMLDialogElement | undefined;

  static override styles = [
    shared,
    css`
      .small {
        position: relative;
        display: block;
        width: 100%;
        aspect-ratio: 16 / 9;
        padding: 0;
        border: 0;
        border-radius: var(--radius-2);
        background: #101418;
        overflow: hidden;
      }
      button.small {
        cursor: zoom-in;
      }
      .none {
        display: grid;
        place-content: center;
        justify-items: center;
        gap: var(--space-1);
        padding: var(--space-2);
        border: 1px dashed var(--line-strong);
        background: var(--sunken);
        color: var(--ink-3);
        font-size: var(--size-1);
        line-height: 1.35;
        text-align: center;
      }
      img {
        display: block;
        width: 100%;
        height: 100%;
        object-fit: contain;
      }
      dialog {
        max-width: min(96vw, 1200px);
        padding: 0;
        border: 0;
        border-radius: var(--radius-3);
        background: #101418;
        color: #e8ecf1;
        box-shadow: var(--shadow-raised);
      }
      dialog::backdrop {
        background: rgb(8 10 13 / 72%);
      }
      dialog img {
        width: auto;
        max-width: 100%;
        min-width: min(92vw, 640px);
        max-height: 80vh;
        margin: 0 auto;
      }
      footer {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: var(--space-4);
        padding: var(--space-2) var(--space-2) var(--space-2) var(--space-4);
        font-size: var(--size-2);
      }
      .close {
        display: grid;
        place-items: center;
        width: var(--target);
        height: var(--target);
        border: 0;
        border-radius: var(--radius-2);
        background: none;
        color: inherit;
        cursor: pointer;
      }
      .close:hover {
        background: rgb(255 255 255 / 12%);
      }
    `,
  ];

  get #address(): string {
    return this.source || (this.picture ? pictureAddress(this.ward, this.picture.sha256) : "");
  }

  #open(): void {
    this.large = true;
    void this.updateComplete.then(() => this.dialog?.showModal());
  }

  #press = (event: MouseEvent): void => {
    // A click beside the picture closes it, too.
    if (event.target === this.dialog) this.dialog?.close();
  };

  override render() {
    const address = this.#address;
    if (!this.source && !this.picture) return this.#none(t("kept.none"));
    if (!this.source && !this.picture?.held) return this.#none(t("kept.coming"));
    if (this.failed === address) return this.#none(t("kept.failed"));
    return html`<button class="small" @click=${this.#open} aria-label=${t("kept.enlarge", { what: this.label })}>
        <img
          src=${address}
          alt=${this.label}
          loading="lazy"
          decoding="async"
          @error=${() => {
            this.failed = address;
          }}
        />
      </button>
      ${
        this.large
          ? html`<dialog
            aria-label=${this.label}
            @click=${this.#press}
            @close=${() => {
              this.large = false;
            }}
          >
            <img src=${address} alt=${this.label} />
            <footer>
              <span class="num">${this.label}</span>
              <button class="close" aria-label=${t("kept.close")} @click=${() => this.dialog?.close()}>
                ${icon("cross", 20)}
              </button>
            </footer>
          </dialog>`
          : nothing
      }`;
  }

  #none(words: string) {
    return html`<div class="small none">${kindIcon("camera", 22)}<span>${words}</span></div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "kept-picture": KeptPicture;
  }
}
