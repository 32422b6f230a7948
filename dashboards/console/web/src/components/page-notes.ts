/** What a page shows when it has no data: a skeleton of its own shape, or an error with what to do. */
import { css, html, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { ApiError } from "../api/client.ts";
import { problemWords, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { icon } from "./icons.ts";

@customElement("page-error")
export class PageError extends Part {
  @property({ attribute: false }) error: ApiError | undefined;
  @property() first = "";
  @property() next = "";

  static override styles = [
    shared,
    css`
      .error {
        display: grid;
        grid-template-columns: auto minmax(0, 56ch);
        justify-content: start;
        gap: var(--space-1) var(--space-3);
        padding-top: var(--space-6);
      }
      svg {
        margin-top: 4px;
        color: var(--ink-3);
      }
      h1 {
        font-size: var(--size-5);
      }
      p {
        grid-column: 2;
        color: var(--ink-2);
      }
      .do {
        grid-column: 2;
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
        margin-top: var(--space-4);
      }
    `,
  ];

  override render() {
    const lost = this.error && this.error.status !== 404;
    return html`<div class="error" role="alert">
      ${icon(lost ? "unreachable" : "partial", 26)}
      <h1 tabindex="-1">${lost ? t("error.title") : this.first || t("error.not_found")}</h1>
      <p>${lost && this.error ? problemWords(this.error.code) : this.next || t("error.not_found_then")}</p>
      ${lost ? html`<p class="quiet">${t("error.retrying")}</p>` : ""}
      <div class="do">
        ${
          lost
            ? html`<button class="button primary" @click=${() => this.dispatchEvent(new CustomEvent("retry"))}>
              ${icon("refresh", 16)}${t("error.retry")}
            </button>`
            : html`<a class="button" href="/">${t("error.go_home")}</a>`
        }
      </div>
    </div>`;
  }
}

export const skeletonStyles = css`
  .bone {
    border-radius: var(--radius-1);
    background: var(--sunken);
    animation: breathe 1.6s ease-in-out infinite alternate;
  }
  @keyframes breathe {
    to {
      opacity: 0.5;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .bone {
      animation: none;
    }
  }
`;

export const bone = (width: string, height: string): TemplateResult =>
  html`<div class="bone" style="width:${width};height:${height};max-width:100%"></div>`;

/** The first line's place, kept while it loads. */
export const firstLineSkeleton = (): TemplateResult => html`<div class="top" role="status">
  ${bone("30px", "30px")}
  <div><span class="hidden">${t("app.loading")}</span>${bone("420px", "38px")}<br />${bone("260px", "18px")}</div>
</div>`;
