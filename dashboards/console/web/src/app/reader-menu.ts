/** The reader's own: language, colours, account, sign-out. */
import { css, html, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { Me } from "../api/types.ts";
import { Part, shared } from "../components/base.ts";
import { icon, type Mark } from "../components/icons.ts";
import { type Language, language, setLanguage, setTheme, type Theme, theme } from "../live/preferences.ts";
import { t } from "../words/text.ts";

const LANGUAGES: Record<Language, string> = { vi: "Tiếng Việt", en: "English" };
const THEMES: Record<Theme, Mark> = { system: "sunmoon", light: "sun", dark: "moon" };

@customElement("reader-menu")
export class ReaderMenu extends Part {
  @property({ attribute: false }) me: Me | undefined;
  @query("[popover]") private menu!: HTMLElement;

  static override styles = [
    shared,
    css`
      .open {
        display: flex;
        align-items: center;
        gap: var(--space-2);
        min-width: 44px;
        min-height: 44px;
        justify-content: center;
        padding: 0 var(--space-2);
        border: 0;
        border-radius: var(--radius-2);
        background: none;
        color: var(--ink-2);
        font-size: var(--size-2);
        cursor: pointer;
      }
      .open:hover {
        background: var(--sunken);
      }
      [popover] {
        position: fixed;
        inset: 60px max(16px, calc((100vw - 1280px) / 2 + 16px)) auto auto;
        width: min(296px, calc(100vw - 32px));
        margin: 0;
        padding: var(--space-2);
        border: 1px solid var(--line);
        border-radius: var(--radius-3);
        background: var(--surface);
        box-shadow: var(--shadow-raised);
        color: var(--ink);
        font-size: var(--size-2);
      }
      .who {
        padding: var(--space-2) var(--space-3) var(--space-3);
        border-bottom: 1px solid var(--line);
        line-height: 1.45;
      }
      .who b {
        display: block;
        font-size: var(--size-3);
        font-weight: 600;
      }
      .group {
        padding: var(--space-3) var(--space-3) 0;
      }
      .group .label {
        margin-bottom: var(--space-1);
      }
      .choice {
        display: flex;
        padding: 2px;
        border-radius: var(--radius-2);
        background: var(--sunken);
      }
      .choice button {
        flex: 1;
        display: flex;
        align-items: center;
        justify-content: center;
        gap: 6px;
        min-height: calc(var(--target) - 2px);
        padding: 0 var(--space-1);
        border: 0;
        border-radius: 6px;
        background: none;
        color: var(--ink-2);
        cursor: pointer;
      }
      .choice [aria-pressed="true"] {
        background: var(--surface);
        box-shadow: var(--shadow);
        color: var(--ink);
        font-weight: 500;
      }
      .links {
        margin-top: var(--space-3);
        padding-top: var(--space-1);
        border-top: 1px solid var(--line);
      }
      .links a,
      .links button {
        display: flex;
        align-items: center;
        gap: var(--space-3);
        width: 100%;
        min-height: max(40px, var(--target));
        padding: 0 var(--space-3);
        border: 0;
        border-radius: var(--radius-2);
        background: none;
        text-align: left;
        text-decoration: none;
        cursor: pointer;
      }
      .links a:hover,
      .links button:hover {
        background: var(--sunken);
      }
      .links svg {
        color: var(--ink-3);
      }
      @media (max-width: 760px) {
        .open span {
          position: absolute;
          width: 1px;
          height: 1px;
          overflow: hidden;
          clip-path: inset(50%);
        }
      }
    `,
  ];

  #close = (): void => this.menu.hidePopover();

  override render() {
    const me = this.me;
    return html`<button class="open" popovertarget="menu" data-testid="reader-menu">
        ${icon(me ? "person" : "sunmoon", 20)}<span>${me ? me.name || me.user : language().toUpperCase()}</span>
        <span class="hidden">${t("app.menu")}</span>
      </button>
      <div id="menu" popover>
        ${me ? html`<p class="who"><b>${me.name || me.user}</b>${t(`account.role.${me.role}`)}</p>` : nothing}
        ${this.#languages()} ${this.#themes()}
        ${
          me
            ? html`<div class="links" @click=${this.#close}>
              <a href="/account">${icon("key", 17)}${t("app.account")}</a>
              <a href="/about">${icon("info", 17)}${t("app.about")}</a>
              <button data-testid="sign-out" @click=${() => this.dispatchEvent(new CustomEvent("sign-out"))}>
                ${icon("out", 17)}${t("app.sign_out")}
              </button>
            </div>`
            : html`<div style="height:8px"></div>`
        }
      </div>`;
  }

  #languages() {
    return html`<div class="group" role="group" aria-label=${t("app.language")}>
      <p class="label" aria-hidden="true">${t("app.language")}</p>
      <div class="choice">
        ${Object.entries(LANGUAGES).map(
          ([code, name]) => html`<button
            lang=${code}
            aria-pressed=${language() === code}
            data-testid="language-${code}"
            @click=${() => setLanguage(code as Language)}
          >
            ${name}
          </button>`,
        )}
      </div>
    </div>`;
  }

  #themes() {
    return html`<div class="group" role="group" aria-label=${t("app.theme")}>
      <p class="label" aria-hidden="true">${t("app.theme")}</p>
      <div class="choice">
        ${Object.entries(THEMES).map(
          ([name, mark]) => html`<button
            aria-pressed=${theme() === name}
            data-testid="theme-${name}"
            @click=${() => setTheme(name as Theme)}
          >
            ${icon(mark, 15)}${t(`app.theme.${name as Theme}`)}
          </button>`,
        )}
      </div>
    </div>`;
  }
}
