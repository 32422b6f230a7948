/** The district: who needs me? */
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { httpApi } from "../api/client.ts";
import type { Ward, WardsPage } from "../api/types.ts";
import { go, toSignIn } from "../app/router.ts";
import { nothingYet, type SharedData } from "../app/shared-data.ts";
import { say, tell } from "../app/told.ts";
import { Part, shared } from "../components/base.ts";
import { firstLine } from "../components/first-line.ts";
import { bone, firstLineSkeleton, skeletonStyles } from "../components/page-notes.ts";
import { tones } from "../components/state-mark.ts";
import { now, Ticking } from "../live/clock.ts";
import { PageStore } from "../live/page-store.ts";
import { Reading } from "../live/reading.ts";
import { conditionChanges, districtReducer } from "../live/reducers.ts";
import { changeWords, districtAnswer } from "../words/sentences.ts";
import { byNeed, type WardHealth, wardHealth, wardNeedsYou } from "../words/state.ts";
import { t } from "../words/text.ts";
import { pageStyles } from "./page-styles.ts";
import "../components/ward-card.ts";
import "../components/ward-tile.ts";

type Section = "needing" | "never" | "well";
interface Slot {
  id: string;
  section: Section;
}

const HEADS = ["ward.line", "ward.last_word", "ward.answering"] as const;
const UNKNOWN: readonly WardHealth[] = ["never", "stale"];
const SECTIONS: readonly Section[] = ["needing", "never", "well"];

/** Where each ward stands: by need, in three sections. */
export function slotsOf(wards: readonly Ward[], at: number): Slot[] {
  return byNeed(wards, at).map((ward) => ({
    id: ward.id,
    section: wardNeedsYou(ward) ? "needing" : UNKNOWN.includes(wardHealth(ward, at)) ? "never" : "well",
  }));
}

@customElement("district-page")
export class DistrictPage extends Part {
  @property({ attribute: false }) data: SharedData = nothingYet;
  @state() private slots: Slot[] = [];
  #store = new PageStore<WardsPage>(this, {
    fetch: () => httpApi.wards(),
    events: "/api/events",
    reduce: districtReducer,
    refused: toSignIn,
    changed: (before, after) => this.#sayChanges(before, after),
  });
  #reading = new Reading(this);

  static override styles = [
    shared,
    tones,
    skeletonStyles,
    pageStyles,
    css`
      .columns {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 296px;
        gap: var(--space-8);
        align-items: start;
      }
      .columns.one {
        grid-template-columns: minmax(0, 1fr);
      }
      .heads {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 132px 116px 84px 16px;
        gap: 0 var(--space-3);
        align-items: end;
        margin-bottom: var(--space-3);
        padding-right: 17px;
      }
      .heads h2 {
        margin: 0;
      }
      @media (max-width: 760px) {
        .heads {
          display: block;
        }
        .heads .label {
          display: none;
        }
      }
      .tiles {
        display: grid;
        grid-auto-rows: 1fr;
        grid-template-columns: repeat(3, minmax(0, 1fr));
        gap: var(--space-2);
      }
      aside {
        position: sticky;
        top: calc(56px + var(--space-6));
      }
      .reorder {
        position: fixed;
        left: 50%;
        bottom: var(--space-6);
        translate: -50% 0;
        z-index: 4;
        box-shadow: var(--shadow-raised);
      }
      .wait {
        display: grid;
        gap: var(--space-2);
        padding: var(--space-3) var(--space-4);
        min-height: 64px;
      }
      @media (max-width: 960px) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
          gap: 0;
        }
        aside {
          position: static;
        }
        .tiles {
          grid-template-columns: repeat(auto-fill, minmax(104px, 1fr));
        }
      }
    `,
  ];

  constructor() {
    super();
    new Ticking(this);
  }

  #sayChanges(before: WardsPage, after: WardsPage): void {
    const old = new Map(before.wards.map((each) => [each.id, each]));
    for (const ward of after.wards) {
      const was = old.get(ward.id);
      if (!was || was === ward) continue;
      for (const words of changeWords(ward, conditionChanges(was, ward))) say(this, words);
    }
  }

  protected override willUpdate(): void {
    const page = this.#store.page;
    if (!page) return;
    const wanted = slotsOf(page.wards, now());
    // A list keeps its order while somebody reads it.
    if (this.slots.length !== wanted.length || !this.#reading.busy) this.slots = wanted;
  }

  protected override updated(): void {
    const page = this.#store.page;
    const only = page?.wards.length === 1 ? page.wards[0] : undefined;
    // A ward's leader has one ward: that page is home.
    if (only && this.data.me?.role === "ward") go(`/wards/${encodeURIComponent(only.id)}`, true);
    const title = page ? districtAnswer(page.wards, now()).first : t("district.title");
    tell(this, { title, trail: [], stream: this.#store.error ? "lost" : page ? this.#store.stream : null });
  }

  override render() {
    const { page, error } = this.#store;
    if (!page) {
      return error
        ? html`<page-error .error=${error} @retry=${() => this.#store.load()}></page-error>`
        : this.#skeleton();
    }
    const moved = JSON.stringify(slotsOf(page.wards, now())) !== JSON.stringify(this.slots);
    const tiles = page.wards.length > 1;
    return html`${firstLine(districtAnswer(page.wards, now()))}
      <div class="columns ${tiles ? "" : "one"}">
        <div>${SECTIONS.map((section) => this.#section(section, page))}</div>
        ${
          tiles
            ? html`<aside>
              <h2>${t("district.tiles")}</h2>
              <div class="tiles">
                ${repeat(
                  page.wards,
                  (ward) => ward.id,
                  (ward) => html`<ward-tile .ward=${ward} .now=${now()}></ward-tile>`,
                )}
              </div>
            </aside>`
            : nothing
        }
      </div>
      ${moved ? html`<button class="button reorder" @click=${this.#reorder}>${t("district.reorder")}</button>` : nothing}`;
  }

  #reorder = (): void => {
    this.#reading.rest();
    this.requestUpdate();
  };

  #section(section: Section, page: WardsPage) {
    const wards = new Map(page.wards.map((each) => [each.id, each]));
    const members = this.slots.filter((each) => each.section === section).flatMap(({ id }) => wards.get(id) ?? []);
    if (members.length === 0) return nothing;
    return html`<section>
      <div class="heads">
        <h2>${t(`district.section.${section}`)}</h2>
        ${section === this.slots[0]?.section ? HEADS.map((key) => html`<span class="label" aria-hidden="true">${t(key)}</span>`) : nothing}
      </div>
      <ul class="panel rows">
        ${repeat(
          members,
          (ward) => ward.id,
          (ward) => html`<li><ward-card .ward=${ward} .now=${now()}></ward-card></li>`,
        )}
      </ul>
    </section>`;
  }

  #skeleton() {
    return html`${firstLineSkeleton()}
      <div class="columns">
        <section>
          <h2>${t("district.title")}</h2>
          <div class="panel rows">
            ${[64, 52, 58, 44, 60, 50].map((w) => html`<div class="wait">${bone("180px", "18px")}${bone(`${w}%`, "14px")}</div>`)}
          </div>
        </section>
        <aside><h2>${t("district.tiles")}</h2><div class="tiles">${[1, 2, 3, 4, 5, 6].map(() => bone("100%", "72px"))}</div></aside>
      </div>`;
  }
}
