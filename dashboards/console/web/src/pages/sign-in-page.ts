/** Sign-in: plain, fast, no surprise. */
import { css, html, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { ApiError, httpApi } from "../api/client.ts";
import { go, returnPath } from "../app/router.ts";
import { tell } from "../app/told.ts";
import { Part, shared } from "../components/base.ts";
import { fieldStyles } from "../components/fields.ts";
import { icon } from "../components/icons.ts";
import { problemWords, t } from "../words/text.ts";

@customElement("sign-in-page")
export class SignInPage extends Part {
  @state() private problem = "";
  @state() private busy = false;
  @state() private open = false;
  @query("#user") private user!: HTMLInputElement;
  @query("#password") private password!: HTMLInputElement;

  static override styles = [
    shared,
    fieldStyles,
    css`
      .card {
        width: min(100%, 376px);
        margin: clamp(24px, 12vh, 120px) auto 0;
      }
      h1 {
        font-size: var(--size-5);
        letter-spacing: -0.01em;
      }
      .lead {
        margin-bottom: var(--space-6);
        color: var(--ink-2);
      }
    `,
  ];

  protected override firstUpdated(): void {
    this.user.focus();
  }

  protected override updated(): void {
    tell(this, { title: t("sign_in.title"), trail: [], stream: null });
  }

  #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const empty = [this.user, this.password].find((each) => !each.value);
    if (empty) {
      empty.focus();
      return;
    }
    this.busy = true;
    this.problem = "";
    try {
      const me = await httpApi.signIn(this.user.value.trim(), this.password.value);
      this.dispatchEvent(new CustomEvent("signed-in", { detail: me, bubbles: true, composed: true }));
      go(returnPath(location.search), true);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = problemWords(error.code);
      await this.updateComplete;
      this.password.select();
    } finally {
      this.busy = false;
    }
  };

  override render() {
    return html`<form class="card" novalidate @submit=${this.#submit}>
      <h1>${t("sign_in.title")}</h1>
      <p class="lead">${t("sign_in.lead")}</p>
      <div class="field">
        <label for="user">${t("sign_in.user")}</label>
        <input id="user" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64"
          data-testid="sign-in-user" />
      </div>
      <div class="field">
        <label for="password">${t("sign_in.password")}</label>
        <div class="with">
          <input id="password" name="password" type=${this.open ? "text" : "password"} autocomplete="current-password"
            maxlength="256" data-testid="sign-in-password" aria-describedby="problem" />
          <button type="button" class="peek" aria-pressed=${this.open}
            aria-label=${t(this.open ? "sign_in.hide" : "sign_in.show")} @click=${() => (this.open = !this.open)}>
            ${icon(this.open ? "eyeOff" : "eye", 18)}
          </button>
        </div>
      </div>
      <button class="button primary wide" data-testid="sign-in-submit" aria-busy=${this.busy}>
        ${t("sign_in.submit")}
      </button>
      <div id="problem" class="problem" role=${this.problem ? "alert" : nothing}>
        ${this.problem ? html`${icon("failure", 17)}<span>${this.problem}</span>` : nothing}
      </div>
    </form>`;
  }
}
