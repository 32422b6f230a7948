/** The frame around every page: where one is, whether it is live, and the reader's own settings. */
import { html, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { httpApi } from "../api/client.ts";
import { Part, shared } from "../components/base.ts";
import { now } from "../live/clock.ts";
import { clock } from "../words/format.ts";
import { t } from "../words/text.ts";
import { frameStyles } from "./console-styles.ts";
import { followLinks, go, type Route, routeOf, toSignIn } from "./router.ts";
import { loadShared, nothingYet, type SharedData } from "./shared-data.ts";
import type { Told } from "./told.ts";
import "../components/page-notes.ts";
import "../pages/district-page.ts";
import "../pages/sign-in-page.ts";
import "../pages/ward-scope.ts";
import "./live-mark.ts";
import "./reader-menu.ts";

const LOST_FOR_MS = 2_000;
const BACK_FOR_MS = 4_000;
const SUGGEST = "suggest-password";

@customElement("ww-console")
export class Console extends Part {
  @state() private route: Route = routeOf(location.pathname);
  @state() private data: SharedData = nothingYet;
  @state() private told: Told = { title: "", trail: [], stream: null };
  @state() private notice: "" | "lost" | "back" = "";
  @state() private said = "";
  @state() private suggest = localStorage.getItem(SUGGEST) === "yes";
  @query("main") private main!: HTMLElement;
  #lastLive = now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [shared, frameStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    followLinks();
    addEventListener("popstate", this.#moved);
    this.addEventListener("told", (event) => this.#hear(event.detail));
    this.addEventListener("say", (event) => {
      this.said = event.detail;
    });
    this.addEventListener("signed-in", (event) => {
      if (event.detail) this.#remember(event.detail.one_time_password);
      void this.#load();
    });
    if (this.route.page !== "sign-in") void this.#load();
  }

  async #load(): Promise<void> {
    const data = await loadShared(httpApi);
    if (data) {
      this.data = data;
      this.#remember(data.me?.one_time_password ?? false);
    } else if (this.route.page !== "sign-in") toSignIn();
  }

  /** Known before the answer comes on the next load, so that the page does not jump when it does. */
  #remember(suggest: boolean): void {
    this.suggest = suggest;
    localStorage.setItem(SUGGEST, suggest ? "yes" : "");
  }

  #moved = async (event: PopStateEvent): Promise<void> => {
    this.route = routeOf(location.pathname);
    if (event.state !== "pushed") return;
    scrollTo(0, 0);
    await this.updateComplete;
    if (this.route.page !== "sign-in") this.main.focus({ preventScroll: true });
  };

  #hear(told: Told): void {
    const before = this.told;
    document.title = told.title ? `${told.title} · WardWatch` : "WardWatch";
    if (JSON.stringify(before) !== JSON.stringify(told)) this.told = told;
    if (before.stream === told.stream) return;
    if (before.stream === "live") this.#lastLive = now();
    clearTimeout(this.#timer);
    if (told.stream === "lost") this.#timer = setTimeout(() => (this.notice = "lost"), LOST_FOR_MS);
    else if (told.stream !== "live") this.notice = "";
    else if (this.notice === "lost") {
      this.notice = "back";
      this.#timer = setTimeout(() => (this.notice = ""), BACK_FOR_MS);
    }
  }

  #signOut = async (): Promise<void> => {
    await httpApi.signOut();
    this.data = nothingYet;
    go("/sign-in");
  };

  override render() {
    const signIn = this.route.page === "sign-in";
    return html`<a class="skip" href="#main" @click=${this.#skip}>${t("app.skip")}</a>
      <header class="bar">
        <div class="inner">
          <a class="brand" href="/" aria-label="WardWatch"><img src="/mark.svg" alt="" width="26" height="26" />
            <span>${this.data.site?.label ?? t("app.title")}</span></a>
          ${this.#trail()}
          <div class="end">
            ${signIn ? nothing : html`<live-mark .stream=${this.told.stream}></live-mark>`}
            <reader-menu .me=${signIn ? undefined : this.data.me} @sign-out=${this.#signOut}></reader-menu>
          </div>
        </div>
      </header>
      ${this.#oneTimePassword(signIn)}
      <main id="main" tabindex="-1" class="inner">${this.#page()}</main>
      ${this.#notice()}
      <div class="hidden" aria-live="polite">${this.said}</div>`;
  }

  #skip = (event: Event): void => {
    event.preventDefault();
    this.main.focus();
  };

  #trail() {
    const trail = this.told.trail;
    if (trail.length === 0) return html`<span class="trail"></span>`;
    return html`<nav class="trail" aria-label=${t("app.trail")}>
      <ol>
        ${trail.map(({ label, href }, at) => {
          const last = at === trail.length - 1;
          return html`<li>${last ? html`<span aria-current="page">${label}</span>` : html`<a href=${href}>${label}</a>`}</li>`;
        })}
      </ol>
    </nav>`;
  }

  #oneTimePassword(signIn: boolean) {
    if (signIn || !this.suggest || this.route.page === "account") return nothing;
    return html`<p class="suggest"><span class="inner">${t("app.one_time_password")}
      <a href="/account">${t("app.one_time_password_link")}</a></span></p>`;
  }

  #notice() {
    const lost = this.notice === "lost";
    return html`<div class="notice ${this.notice}" role="status">
      ${
        this.notice
          ? html`<p>${lost ? t("stream.lost_banner", { time: clock(this.#lastLive, true) }) : t("stream.back")}</p>`
          : nothing
      }
    </div>`;
  }

  #page() {
    const route = this.route;
    switch (route.page) {
      case "sign-in":
        return html`<sign-in-page></sign-in-page>`;
      case "district":
        return html`<district-page .data=${this.data}></district-page>`;
      case "ward":
      case "device":
        return keyed(
          route.ward,
          html`<ward-scope ward=${route.ward} device=${route.device ?? ""} .data=${this.data}></ward-scope>`,
        );
      case "account":
        void import("../pages/small-pages.ts");
        return html`<account-page .data=${this.data}></account-page>`;
      case "about":
        void import("../pages/small-pages.ts");
        return html`<about-page .data=${this.data}></about-page>`;
      default:
        return html`<page-error></page-error>`;
    }
  }
}
