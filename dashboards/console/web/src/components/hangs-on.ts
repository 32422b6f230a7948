/** Where a device hangs: the way up to the first switch, itself, and what hangs on it. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Device } from "../api/types.ts";
import { healthOf, type Seen } from "../words/state.ts";
import { kindWord, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { kindIcon } from "./icons.ts";
import "./state-mark.ts";

@customElement("hangs-on")
export class HangsOn extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  @property({ attribute: false }) devices: readonly Device[] = [];

  static override styles = [
    shared,
    css`
      ul {
        max-height: 342px;
        overflow: auto;
        padding: var(--space-2);
      }
      a,
      .self,
      .none {
        display: grid;
        grid-template-columns: 20px minmax(0, 1fr) auto;
        gap: var(--space-2) var(--space-3);
        align-items: center;
        min-height: max(40px, var(--target));
        padding: var(--space-1) var(--space-2);
        padding-left: calc(var(--space-2) + var(--depth) * var(--space-5));
        border-radius: var(--radius-2);
        font-size: var(--size-2);
        line-height: 1.35;
        text-decoration: none;
      }
      a:hover {
        background: color-mix(in srgb, var(--sunken) 60%, transparent);
      }
      svg {
        color: var(--ink-3);
      }
      .self {
        background: var(--sunken);
        font-weight: 600;
      }
      .self .quiet {
        font-weight: 400;
      }
      .none {
        grid-template-columns: 1fr;
        color: var(--ink-3);
      }
    `,
  ];

  override render() {
    const { seen } = this;
    if (!seen) return nothing;
    const parents = this.#parents(seen.device);
    const children = this.devices.filter((each) => each.parent === seen.device.id);
    const depth = parents.length;
    return html`<ul>
      ${depth ? parents.map((each, at) => this.#link(seen, each, at)) : html`<li class="none" style="--depth:0">${t("device.hangs_nothing")}</li>`}
      <li class="self" style="--depth:${depth}" aria-current="true">
        ${kindIcon(seen.device.kind, 17)}<span>${seen.device.name} <span class="quiet">· ${t("device.this")}${this.#port(seen.device)}</span></span>
      </li>
      ${children.length ? children.map((each) => this.#link(seen, each, depth + 1)) : nothing}
    </ul>`;
  }

  #parents(device: Device): Device[] {
    const found: Device[] = [];
    let at = this.devices.find((each) => each.id === device.parent);
    while (at && at !== device && !found.includes(at)) {
      found.unshift(at);
      at = this.devices.find((each) => each.id === at?.parent);
    }
    return found;
  }

  /** Of the device above it. */
  #port(device: Device) {
    return device.parent && device.port ? html` · ${t("device.on_port", { port: device.port })}` : nothing;
  }

  #link({ ward, now }: Seen, device: Device, depth: number) {
    return html`<li>
      <a href="/wards/${ward.id}/devices/${device.id}" style="--depth:${depth}" title=${kindWord(device.kind)}>
        ${kindIcon(device.kind, 17)}<span>${device.name}<span class="quiet">${this.#port(device)}</span></span
        ><state-mark health=${healthOf({ device, ward, now })}></state-mark>
      </a>
    </li>`;
  }
}
