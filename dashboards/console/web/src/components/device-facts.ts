/** What a device is: facts it told, and how it is asked. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Device } from "../api/types.ts";
import { duration } from "../words/format.ts";
import { t, tOr } from "../words/text.ts";
import { Part, shared } from "./base.ts";

const ORDER = ["vendor", "model", "serial", "firmware", "name", "location"];

@customElement("device-facts")
export class DeviceFacts extends Part {
  @property({ attribute: false }) device: Device | undefined;

  static override styles = [
    shared,
    css`
      dl {
        columns: 2 340px;
        column-gap: var(--space-8);
        column-rule: 1px solid var(--line);
        padding: var(--space-2) var(--space-4);
      }
      div {
        break-inside: avoid;
        display: grid;
        grid-template-columns: minmax(96px, 34%) minmax(0, 1fr);
        gap: var(--space-3);
        padding: var(--space-2) 0;
        font-size: var(--size-2);
        line-height: 1.45;
      }
      dt {
        color: var(--ink-3);
      }
      dd {
        overflow-wrap: anywhere;
      }
    `,
  ];

  override render() {
    if (!this.device) return nothing;
    const { facts, location, address, protocol, interval_seconds } = this.device;
    const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
    const rows: [string, string][] = [
      [t("device.fact.place"), location],
      ...[...facts]
        .sort((a, b) => place(a.name) - place(b.name))
        .map(({ name, text }): [string, string] => [tOr(`device.fact.${name}`, name.replaceAll("_", " ")), text]),
      [t("device.fact.address"), address],
      [t("device.fact.protocol"), protocol.toUpperCase()],
      [t("device.fact.interval"), interval_seconds ? duration(interval_seconds) : ""],
    ];
    return html`<dl>
      ${rows.filter(([, text]) => text).map(([name, text]) => html`<div><dt>${name}</dt><dd class="num">${text}</dd></div>`)}
    </dl>`;
  }
}
