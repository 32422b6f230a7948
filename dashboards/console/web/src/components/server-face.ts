/** A server is how busy and how full it is, and whether what it must do runs. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { duration, number } from "../words/format.ts";
import { natural, readingsOf, type Value } from "../words/state.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles, percent, share } from "./face.ts";
import { icon } from "./icons.ts";

const MOST_DISKS = 2;

@customElement("server-face")
export class ServerFace extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .bars {
        display: grid;
        grid-template-columns: auto minmax(48px, 1fr) auto;
        gap: 7px var(--space-3);
        align-items: center;
      }
      .name {
        max-width: 12ch;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      :host([large]) .name {
        max-width: 24ch;
      }
      .figure {
        text-align: right;
        color: var(--ink);
      }
      .old .figure {
        color: var(--ink-3);
      }
      .full i {
        background: var(--attention-mark);
      }
      .figure.full {
        color: var(--attention);
        font-weight: 600;
      }
      .up {
        margin-top: var(--space-2);
      }
      .duties {
        display: flex;
        flex-wrap: wrap;
        gap: 2px var(--space-3);
        margin-top: var(--space-2);
      }
      .duty {
        display: inline-flex;
        align-items: center;
        gap: 5px;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .duty svg {
        flex: none;
        color: var(--ink-3);
      }
      .bad {
        color: var(--failure);
        font-weight: 600;
      }
      .bad svg {
        color: var(--failure-mark);
      }
      .old .bad,
      .old .bad svg {
        color: var(--ink-3);
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const disks = readingsOf(this.seen.device, "disk_used_percent").sort((a, b) => b.value - a.value);
    const rows: [string, Value | undefined, boolean][] = [
      [t("server.cpu"), this.value("cpu_load_percent"), false],
      [t("server.memory"), this.value("memory_used_percent"), false],
      ...disks
        .slice(0, this.large ? disks.length : MOST_DISKS)
        .map(({ instance }): [string, Value | undefined, boolean] => [
          instance ? t("server.disk", { name: instance }) : t("server.disk_one"),
          this.value("disk_used_percent", instance),
          this.has("disk_full", instance),
        ]),
    ];
    const known = rows.flatMap(([name, value, full]) => (value ? [{ name, value, full }] : []));
    const uptime = this.value("uptime_seconds");
    if (known.length === 0 && !uptime) return html`<p class="old">${t("face.no_values")}</p>`;
    return html`<div class=${(known[0]?.value ?? uptime)?.old ? "old" : ""}>
      <div class="bars">
        ${known.map(
          ({ name, value, full }) => html`<span class="name quiet" title=${name}>${name}</span>
            <span class="track ${full ? "full" : ""}"><i style="width:${share(value.value)}%"></i></span>
            <span class="num figure ${full ? "full" : ""}">${percent(value.value)}</span>`,
        )}
      </div>
      ${this.#duties()}
      ${uptime ? html`<p class="num quiet up">${t("server.uptime", { time: duration(uptime.value) })}</p>` : nothing}
    </div>`;
  }

  /** Services that must run, disks by their own word, the clock: what is wrong on the card, all on its own page. */
  #duties() {
    if (!this.seen) return nothing;
    const { device } = this.seen;
    const clock = this.value("clock_offset_seconds");
    const synchronised = this.value("clock_synchronised");
    const duties: { words: string; bad: boolean }[] = [
      ...readingsOf(device, "unit_running").map(({ instance, value }) => ({
        words: t(value ? "server.unit_runs" : "server.unit_stopped", { name: instance }),
        bad: value === 0,
      })),
      ...readingsOf(device, "disk_healthy").map(({ instance, value }) => ({
        words: t(value ? "server.disk_healthy" : "server.disk_failing", { name: instance }),
        bad: value === 0,
      })),
    ].sort((a, b) => natural(a.words, b.words));
    if (clock) {
      const off = Math.abs(clock.value);
      const shown = off < 1 ? `${number(off * 1000, off < 0.01 ? 1 : 0)}\u00a0ms` : duration(off);
      duties.push({ words: t("server.clock", { off: shown }), bad: off > 1 || synchronised?.value === 0 });
    }
    const told = this.large ? duties : duties.filter((each) => each.bad);
    if (told.length === 0) return nothing;
    return html`<div class="duties">
      ${told.map(({ words, bad }) => html`<span class="duty ${bad ? "bad" : ""}">${icon(bad ? "attention" : "ok", 14)}${words}</span>`)}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "server-face": ServerFace;
  }
}
