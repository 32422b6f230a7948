/** One ward's data, kept while the reader goes between the ward and its devices. */
import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { httpApi } from "../api/client.ts";
import type { WardPage as WardData } from "../api/types.ts";
import { toSignIn } from "../app/router.ts";
import { nothingYet, type SharedData } from "../app/shared-data.ts";
import { type Crumb, say, tell } from "../app/told.ts";
import { Part } from "../components/base.ts";
import { Ticking } from "../live/clock.ts";
import { PageStore } from "../live/page-store.ts";
import { type Proven, tellProven } from "../live/proven.ts";
import { conditionChanges, wardReducer } from "../live/reducers.ts";
import { changeWords } from "../words/sentences.ts";
import { t } from "../words/text.ts";
import "../components/page-notes.ts";
import "./ward-page.ts";

const encoded = encodeURIComponent;

@customElement("ward-scope")
export class WardScope extends Part {
  @property() ward = "";
  @property() device = "";
  @property({ attribute: false }) data: SharedData = nothingYet;
  #store = new PageStore<WardData>(this, {
    fetch: () => httpApi.ward(this.ward),
    events: "",
    reduce: wardReducer,
    refused: toSignIn,
    heard: (event) => {
      if (!event) tellProven(null);
      else if (event.type === "evidence") tellProven(JSON.parse(event.data) as Proven);
    },
    changed: (before, after) => {
      if (before.ward === after.ward) return;
      for (const words of changeWords(after.ward, conditionChanges(before.ward, after.ward))) say(this, words);
    },
  });

  constructor() {
    super();
    new Ticking(this);
  }

  override connectedCallback(): void {
    this.#store.source.events = `/api/events?ward=${encoded(this.ward)}`;
    super.connectedCallback();
  }

  protected override willUpdate(): void {
    if (this.device) void import("./device-page.ts");
  }

  protected override updated(): void {
    const { page, error, stream } = this.#store;
    const device = page?.devices.find((each) => each.id === this.device);
    const trail: Crumb[] = this.data.me?.role === "ward" ? [] : [{ label: t("app.home"), href: "/" }];
    if (page) trail.push({ label: page.ward.name, href: `/wards/${encoded(this.ward)}` });
    if (device)
      trail.push({ label: device.name, href: `/wards/${encoded(this.ward)}/devices/${encoded(this.device)}` });
    const title = device?.name ?? page?.ward.name ?? "";
    tell(this, { title, trail, stream: error && error.status !== 404 ? "lost" : page ? stream : null });
  }

  override render() {
    const { page, error } = this.#store;
    if (!page && error) {
      return html`<page-error
        .error=${error}
        first=${t("ward.unknown")}
        next=${t("ward.unknown_then")}
        @retry=${() => this.#store.load()}
      ></page-error>`;
    }
    if (this.device) {
      return html`<device-page .page=${page} .device=${this.device} .metrics=${this.data.metrics}></device-page>`;
    }
    return html`<ward-page .page=${page} .metrics=${this.data.metrics}></ward-page>`;
  }
}
