/** A ward: what is wrong here, and what works? */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Device, WardPage as WardData } from "../api/types.ts";
import { Part, shared } from "../components/base.ts";
import { firstLine } from "../components/first-line.ts";
import { icon, kindIcon } from "../components/icons.ts";
import { bone, firstLineSkeleton, skeletonStyles } from "../components/page-notes.ts";
import { tones } from "../components/state-mark.ts";
import { now } from "../live/clock.ts";
import { groupByCause } from "../words/causes.ts";
import { number } from "../words/format.ts";
import { lineState, lineWords } from "../words/lines.ts";
import type { Metrics } from "../words/metrics.ts";
import { PICTURES, sectionsOf } from "../words/sections.ts";
import { wardAnswer } from "../words/sentences.ts";
import { type Seen, wardIsBehind } from "../words/state.ts";
import { t } from "../words/text.ts";
import { pageStyles } from "./page-styles.ts";
import "../components/age-of.ts";
import "../components/condition-line.ts";
import "../components/device-card.ts";

@customElement("ward-page")
export class WardPage extends Part {
  @property({ attribute: false }) page: WardData | undefined;
  @property({ attribute: false }) metrics: Metrics = new Map();

  static override styles = [
    shared,
    tones,
    skeletonStyles,
    pageStyles,
    css`
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2) var(--space-8);
        margin-bottom: var(--space-8);
        padding-block: var(--space-3);
        border-block: 1px solid var(--line);
      }
      .facts dd {
        display: flex;
        align-items: center;
        gap: 6px;
        font-size: var(--size-2);
        font-weight: 500;
      }
      .facts .then {
        color: var(--ink-3);
        font-weight: 400;
      }
      .facts .lost {
        color: var(--failure);
      }
      .sections {
        display: grid;
        grid-template-columns: repeat(var(--columns), minmax(0, 1fr));
        gap: 0 var(--space-3);
        --columns: 4;
      }
      .sections section {
        grid-column: span min(var(--wide), var(--columns));
        display: flex;
        flex-direction: column;
        min-width: 0;
      }
      .sections .cards {
        flex: 1;
      }
      .sections .small {
        flex: none;
      }
      .w1 {
        --wide: 1;
      }
      .w2 {
        --wide: 2;
      }
      .w3 {
        --wide: 3;
      }
      .w4 {
        --wide: 4;
      }
      .cards {
        display: grid;
        grid-template-columns: repeat(min(var(--wide, 4), var(--columns, 4)), minmax(0, 1fr));
        gap: var(--space-3);
      }
      .cards :is(.switch, .recorder) {
        grid-column: span min(2, var(--columns, 4));
      }
      .w4 .small .server {
        grid-row: span 2;
      }
      @media (max-width: 1180px) {
        .sections,
        .cards {
          --columns: 3;
        }
        .w3,
        .w4 {
          --wide: 3;
        }
      }
      @media (max-width: 900px) {
        .sections,
        .cards {
          --columns: 2;
        }
        .w2,
        .w3,
        .w4 {
          --wide: 2;
        }
      }
      @media (max-width: 600px) {
        .sections,
        .cards {
          --columns: 1;
        }
        .sections section {
          --wide: 1;
        }
      }
      .place {
        display: flex;
        align-items: center;
        gap: var(--space-3);
        padding: var(--space-4);
        border: 1px dashed var(--line-strong);
        border-radius: var(--radius-3);
        color: var(--ink-3);
        font-size: var(--size-2);
      }
      .pictures {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(calc(50% - 6px), 270px), 1fr));
        gap: var(--space-3);
      }
      .pictures + .cards {
        margin-top: var(--space-3);
      }
      camera-tile:not(:defined) {
        display: block;
        aspect-ratio: 16 / 12;
        border-radius: var(--radius-3);
        background: var(--sunken);
      }
      @media (max-width: 640px) {
        .facts {
          display: grid;
          grid-template-columns: 1fr 1fr;
          gap: var(--space-3) var(--space-4);
        }
      }
    `,
  ];

  protected override willUpdate(): void {
    if (this.page?.devices.some(({ kind }) => kind === "camera")) void import("../components/camera-tile.ts");
  }

  override render() {
    if (!this.page) return this.#skeleton();
    const { ward, devices } = this.page;
    // That the ward is silent is what the first line says already.
    const silent =
      ward.presence === "offline" ? ward.conditions.find((each) => each.rule === "ward_silent") : undefined;
    const causes = groupByCause(ward.conditions.filter((each) => each !== silent));
    const pictures = devices.filter(({ kind }) => PICTURES.includes(kind));
    return html`${firstLine(wardAnswer(ward, devices, now()), silent)} ${this.#facts()}
      ${
        causes.length
          ? html`<section aria-label=${t("ward.conditions")}>
            <h2>${t("ward.conditions")}</h2>
            <div class="panel rows">
              ${repeat(
                causes,
                ({ root }) => `${root.device} ${root.rule} ${root.instance}`,
                (cause) => html`<condition-line
                  .cause=${cause}
                  .device=${devices.find(({ id }) => id === cause.root.device)}
                  .now=${now()}
                ></condition-line>`,
              )}
            </div>
          </section>`
          : nothing
      }
      ${pictures.length ? this.#cameras(pictures) : nothing}
      <div class="sections">
        ${sectionsOf(devices).map(
          (section) => html`<section class=${this.#width(section.devices)}>
            <h2>${t(`section.${section.name}`)}</h2>
            ${this.#cards(section.devices, section.name === "computers" ? "small" : "")}
          </section>`,
        )}
      </div>
      ${pictures.length || ward.presence === "never" ? nothing : this.#noCameras()}`;
  }

  /** How many of four columns a section takes: a switch two, anything else one. */
  #width(devices: readonly Device[]): string {
    const columns = devices.reduce((total, { kind }) => total + (kind === "switch" ? 2 : 1), 0);
    return `w${Math.min(4, columns)}`;
  }

  #causeName(device: Device): string {
    const own = this.page?.ward.conditions.find((each) => each.device === device.id && each.cause_device);
    return this.page?.devices.find((each) => each.id === own?.cause_device)?.name ?? "";
  }

  #cards(devices: readonly Device[], size: string) {
    const ward = this.page?.ward;
    if (!ward) return nothing;
    const names = new Map(this.page?.devices.map(({ id, name }) => [id, name]));
    return html`<div class="cards ${size}">
      ${repeat(
        devices,
        (device) => device.id,
        (device) => html`<device-card
          class=${device.kind}
          .seen=${{ device, ward, now: now() }}
          .metrics=${this.metrics}
          .names=${names}
          cause=${this.#causeName(device)}
        ></device-card>`,
      )}
    </div>`;
  }

  #cameras(devices: readonly Device[]) {
    const ward = this.page?.ward;
    if (!ward) return nothing;
    const cameras = devices.filter(({ kind }) => kind === "camera");
    const others = devices.filter(({ kind }) => kind !== "camera");
    return html`<section>
      <h2>${t("ward.cameras")}</h2>
      <div class="pictures">
        ${repeat(
          cameras,
          (device) => device.id,
          (device) => html`<camera-tile
            .seen=${{ device, ward, now: now() }}
            cause=${this.#causeName(device)}
          ></camera-tile>`,
        )}
      </div>
      ${others.length ? this.#cards(others, "") : nothing}
    </section>`;
  }

  #noCameras() {
    return html`<section>
      <h2>${t("ward.cameras")}</h2>
      <p class="place">${kindIcon("camera", 22)}<span>${t("ward.cameras_none")}</span></p>
    </section>`;
  }

  #facts() {
    if (!this.page) return nothing;
    const { ward } = this.page;
    const lost = ward.presence === "offline";
    const current = ward.presence === "online" && !wardIsBehind(ward, now());
    return html`<dl class="facts">
      <div>
        <dt class="label">${t("ward.line")}</dt>
        <dd class=${lost ? "lost" : ""}>${lost ? icon("unreachable", 15) : nothing}${t(`ward.line.${ward.presence}`)}</dd>
      </div>
      ${this.page.devices.filter(({ kind }) => kind === "uplink").map((device) => this.#line({ device, ward, now: now() }))}
      <div>
        <dt class="label">${t("ward.last_word")}</dt>
        <dd><age-of .time=${ward.last_word_ms}></age-of></dd>
      </div>
      <div ?hidden=${ward.presence === "never"}>
        <dt class="label">${t("ward.answering")}</dt>
        <dd class="num ${current ? "" : "then"}">
          ${t(current ? "ward.answering_value" : "ward.answering_last", {
            answering: ward.devices_answering,
            total: ward.device_count,
          })}
        </dd>
      </div>
      ${
        ward.missing_positions
          ? html`<div><dt class="label">${t("ward.missing")}</dt>
            <dd class="num">${t("ward.missing_value", { n: number(ward.missing_positions) })}</dd></div>`
          : nothing
      }
      ${
        ward.named_losses
          ? html`<div><dt class="label">${t("ward.losses")}</dt>
            <dd class="num">${t("ward.losses_value", { n: number(ward.named_losses) })}</dd></div>`
          : nothing
      }
      ${
        ward.agent_version
          ? html`<div><dt class="label">${t("ward.agent")}</dt><dd class="num">${ward.agent_version}</dd></div>`
          : nothing
      }
    </dl>`;
  }

  #line(seen: Seen) {
    const state = lineState(seen);
    const then = seen.ward.presence !== "online" || wardIsBehind(seen.ward, seen.now);
    return html`<div>
      <dt class="label">${seen.device.name}</dt>
      <dd class=${then ? "then" : state === "cut" ? "lost" : ""}>
        ${state === "cut" ? icon("unreachable", 15) : nothing}${lineWords(state)}
      </dd>
    </div>`;
  }

  #skeleton() {
    return html`${firstLineSkeleton()}
      <div class="facts">${[1, 2, 3].map(() => html`<div>${bone("90px", "39px")}</div>`)}</div>
      <section>
        <h2>${t("ward.devices")}</h2>
        <div class="cards">${[1, 2, 3, 4].map(() => bone("100%", "204px"))}</div>
      </section>`;
  }
}
