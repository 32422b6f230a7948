/** A server is how busy and how full it is; a workstation, a screen that is on or not. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { duration, number } from "../words/format.ts";
import { healthOf, readingsOf, type Value } from "../words/state.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles, percent, share } from "./face.ts";

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
      ${uptime ? html`<p class="num quiet up">${t("server.uptime", { time: duration(uptime.value) })}</p>` : nothing}
    </div>`;
  }
}

@customElement("workstation-face")
export class WorkstationFace extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .station {
        display: grid;
        align-items: center;
      }
      :host([large]) .station {
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--space-5);
      }
      svg {
        width: 44px;
        height: auto;
      }
      :host([large]) svg {
        width: 88px;
      }
      .frame {
        fill: none;
        stroke: var(--mark);
        stroke-width: 1.6;
        stroke-linejoin: round;
        stroke-linecap: round;
      }
      .screen {
        fill: var(--mark);
        opacity: 0.16;
      }
      .off .screen {
        fill: none;
      }
      .off .frame {
        stroke: var(--line-strong);
        stroke-dasharray: 3 2.5;
      }
      .old .frame {
        stroke: var(--line-strong);
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const health = healthOf(this.seen);
    const off = health === "unreachable" || health === "unpolled";
    const old = off || health === "ward_offline" || health === "stale";
    const rtt = this.value("rtt_seconds");
    const cpu = this.value("cpu_load_percent");
    const detail = cpu
      ? `${t("server.cpu")} ${percent(cpu.value)}`
      : rtt && `${t("computer.rtt")} ${number(rtt.value * 1000, 1)}\u00a0ms`;
    return html`<div class="station ${off ? "off" : ""} ${old ? "old" : ""}">
      <svg viewBox="0 0 52 44" width="52" height="44" aria-hidden="true">
        <rect class="screen" x="4" y="4" width="44" height="28" rx="2" />
        <rect class="frame" x="2" y="2" width="48" height="32" rx="4" />
        <path class="frame" d="M26 34v6M16 42h20" />
      </svg>
      ${this.large ? html`<p class="num">${detail ?? t("face.no_values")}</p>` : nothing}
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "server-face": ServerFace;
    "workstation-face": WorkstationFace;
  }
}
