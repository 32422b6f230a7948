/** Account and about: small pages, loaded when asked for. */
import { css, html, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { ApiError, httpApi } from "../api/client.ts";
import { nothingYet, type SharedData } from "../app/shared-data.ts";
import { tell } from "../app/told.ts";
import { Part, shared } from "../components/base.ts";
import { fieldStyles } from "../components/fields.ts";
import { icon } from "../components/icons.ts";
import { problemWords, t } from "../words/text.ts";

const LEAST_CHARACTERS = 10;

const small = css`
  :host {
    max-width: 640px;
  }
  h1 {
    margin-bottom: var(--space-2);
    font-size: var(--size-5);
    letter-spacing: -0.01em;
  }
  h2 {
    margin: var(--space-8) 0 var(--space-4);
    font-size: var(--size-4);
  }
  .lead {
    margin-bottom: var(--space-6);
    color: var(--ink-2);
  }
  dl {
    border: 1px solid var(--line);
    border-radius: var(--radius-3);
    background: var(--surface);
    padding: var(--space-1) var(--space-4);
  }
  dl div {
    display: grid;
    grid-template-columns: minmax(110px, 30%) minmax(0, 1fr);
    gap: var(--space-3);
    padding: var(--space-3) 0;
    font-size: var(--size-2);
    line-height: 1.5;
  }
  dl div + div {
    border-top: 1px solid var(--line);
  }
  dt {
    color: var(--ink-3);
  }
  form {
    max-width: 376px;
  }
  .rule {
    color: var(--ink-3);
    font-size: var(--size-1);
  }
`;

abstract class SmallPage extends Part {
  @property({ attribute: false }) data: SharedData = nothingYet;
  protected abstract readonly titleKey: "account.title" | "about.title";

  protected override updated(_changed: PropertyValues): void {
    const title = t(this.titleKey);
    const trail = [
      { label: t("app.home"), href: "/" },
      { label: title, href: location.pathname },
    ];
    tell(this, { title, trail, stream: null });
  }
}

@customElement("account-page")
export class AccountPage extends SmallPage {
  protected override readonly titleKey = "account.title";
  @state() private problem = "";
  @state() private done = false;
  @query("form") private form!: HTMLFormElement;

  static override styles = [shared, fieldStyles, small];

  #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    this.done = false;
    const fields = new FormData(this.form);
    const fresh = String(fields.get("new"));
    this.problem = "";
    if (fresh.length < LEAST_CHARACTERS) this.problem = t("account.short");
    else if (fresh !== fields.get("again")) this.problem = t("account.differ");
    if (this.problem) return;
    try {
      await httpApi.changePassword(String(fields.get("old")), fresh);
      this.form.reset();
      this.done = true;
      this.dispatchEvent(new CustomEvent("signed-in", { bubbles: true, composed: true }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = problemWords(error.code);
    }
  };

  override render() {
    const me = this.data.me;
    return html`<h1 tabindex="-1">${t("account.title")}</h1>
      <dl>
        <div><dt>${t("account.user")}</dt><dd>${me?.user}</dd></div>
        ${me?.name && me.name !== me.user ? html`<div><dt>${t("account.name")}</dt><dd>${me.name}</dd></div>` : nothing}
        <div><dt>${t("account.role")}</dt><dd>${me ? t(`account.role.${me.role}`) : nothing}</dd></div>
      </dl>
      <h2>${t("account.password")}</h2>
      <form novalidate @submit=${this.#submit}>
        <input hidden name="username" autocomplete="username" .value=${me?.user ?? ""} />
        ${this.#field("old", "current-password")}
        ${this.#field("new", "new-password", t("account.rule"))}
        ${this.#field("again", "new-password")}
        <button class="button primary">${t("account.submit")}</button>
        <div class=${this.done ? "done" : "problem"} role="alert">
          ${this.problem ? html`${icon("failure", 17)}<span>${this.problem}</span>` : nothing}
          ${this.done ? html`${icon("ok", 17)}<span>${t("account.done")}</span>` : nothing}
        </div>
      </form>`;
  }

  #field(name: "old" | "new" | "again", autocomplete: "current-password" | "new-password", rule = "") {
    return html`<div class="field">
      <label for=${name}>${t(`account.${name}`)}</label>
      <input id=${name} name=${name} type="password" autocomplete=${autocomplete} maxlength="256" required />
      ${rule ? html`<p class="rule">${rule}</p>` : nothing}
    </div>`;
  }
}

@customElement("about-page")
export class AboutPage extends SmallPage {
  protected override readonly titleKey = "about.title";

  static override styles = [shared, small];

  override render() {
    const { site } = this.data;
    const rows = [
      [t("about.site"), site?.label ?? ""],
      [t("about.version"), site?.version ?? ""],
      [t("about.time"), t("about.time_value")],
      [t("about.old"), t("about.old_value")],
      [t("about.kept"), t("about.kept_value")],
    ];
    return html`<h1 tabindex="-1">${t("about.title")}</h1>
      <p class="lead">${t("about.lead")}</p>
      <dl>
        ${rows.map(([name, text]) => html`<div><dt>${name}</dt><dd class="num">${text}</dd></div>`)}
        <div><dt>${t("about.licences")}</dt><dd><a href="/licences.txt" target="_blank">licences.txt</a></dd></div>
      </dl>`;
  }
}
