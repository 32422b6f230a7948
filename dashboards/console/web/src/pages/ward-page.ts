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
import type { Metrics } from "../words/metrics.ts";
import { PICTURES, sectionsOf } from "../words/sections.ts";
import { wardAnswer } from "../words/sentences.ts";
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
      .facts .lost {
        color: var(--failure);
      }
      .cards {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 286px), 1fr));
        gap: var(--space-3);
      }
      .cards.wide {
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr));
      }
      .cards.small {
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 226px), 1fr));
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
      .cards + .place {
        margin-top: var(--space-3);
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

  override render() {
    if (!this.page) return this.#skeleton();
    const { ward, devices } = this.page;
    const causes = groupByCause(ward.conditions);
    return html`${firstLine(wardAnswer(ward, devices, now()))} ${this.#facts()}
      ${
        causes.length
          ? html`<section aria-label=${t("ward.conditions")}>
            <h2>${t("ward.conditions")}</h2>
            <div class="panel rows">
              ${repeat(
                causes,
                ({ root }) => `${root.device} ${root.rule} ${root.instance}`,
                (cause) => html`<condition-line .cause=${cause} .now=${now()}></condition-line>`,
              )}
            </div>
          </section>`
          : nothing
      }
      ${sectionsOf(devices).map(
        (section) => html`<section>
          <h2>${t(`section.${section.name}`)}</h2>
          ${this.#cards(section.devices, section.name === "network" ? "wide" : section.name === "computers" ? "small" : "")}
        </section>`,
      )}
      ${this.#cameras(devices.filter((each) => PICTURES.includes(each.kind)))}`;
  }

  #cards(devices: readonly Device[], size: string) {
    const ward = this.page?.ward;
    if (!ward) return nothing;
    return html`<div class="cards ${size}">
      ${repeat(
        devices,
        (device) => device.id,
        (device) => html`<device-card .seen=${{ device, ward, now: now() }} .metrics=${this.metrics}></device-card>`,
      )}
    </div>`;
  }

  #cameras(devices: readonly Device[]) {
    return html`<section>
      <h2>${t("ward.cameras")}</h2>
      ${devices.length ? this.#cards(devices, "") : nothing}
      <p class="place">
        ${kindIcon("camera", 22)}<span>${devices.length ? t("ward.cameras_later") : t("ward.cameras_none")}</span>
      </p>
    </section>`;
  }

  #facts() {
    if (!this.page) return nothing;
    const { ward } = this.page;
    const lost = ward.presence === "offline";
    return html`<dl class="facts">
      <div>
        <dt class="label">${t("ward.line")}</dt>
        <dd class=${lost ? "lost" : ""}>${lost ? icon("unreachable", 15) : nothing}${t(`ward.line.${ward.presence}`)}</dd>
      </div>
      <div>
        <dt class="label">${t("ward.last_word")}</dt>
        <dd><age-of .time=${ward.last_word_ms}></age-of></dd>
      </div>
      <div>
        <dt class="label">${t("ward.answering")}</dt>
        <dd class="num">
          ${t("ward.answering_value", { answering: ward.devices_answering, total: ward.device_count })}
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

  #skeleton() {
    return html`${firstLineSkeleton()}
      <div class="facts">${[1, 2, 3].map(() => html`<div>${bone("90px", "39px")}</div>`)}</div>
      <section>
        <h2>${t("ward.devices")}</h2>
        <div class="cards">${[1, 2, 3, 4].map(() => bone("100%", "204px"))}</div>
      </section>`;
  }
}
