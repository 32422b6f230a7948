/** A switch is its row of ports: connected, empty, switched off, or one that went down. */
import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { natural, readingsOf, type Seen } from "../words/state.ts";
import { t } from "../words/text.ts";
import { shared } from "./base.ts";
import { Face, faceStyles } from "./face.ts";

export type PortState = "up" | "down" | "failed" | "disabled";

export interface Port {
  name: string;
  state: PortState;
}

/** A device's ports in the order a person counts them. */
export function portsOf(seen: Seen): Port[] {
  const enabled = new Map(readingsOf(seen.device, "port_enabled").map((each) => [each.instance, each.value]));
  const failed = new Set(
    seen.ward.conditions
      .filter((each) => each.device === seen.device.id && each.rule === "port_down")
      .map((each) => each.instance),
  );
  return readingsOf(seen.device, "port_up")
    .map(({ instance, value }): Port => {
      if (failed.has(instance)) return { name: instance, state: "failed" };
      if (value) return { name: instance, state: "up" };
      return { name: instance, state: enabled.get(instance) === 0 ? "disabled" : "down" };
    })
    .sort((a, b) => natural(a.name, b.name));
}

/** What is printed under a jack: the last number of its name. */
export const shortPort = (name: string): string => name.match(/(\d+)\D*$/)?.[1] ?? name.slice(0, 3);

const ONE_ROW = 12;

@customElement("port-row")
export class PortRow extends Face {
  static override styles = [
    shared,
    faceStyles,
    css`
      .ports {
        display: grid;
        grid-auto-flow: column;
        grid-template-rows: repeat(var(--rows), auto);
        grid-auto-columns: minmax(0, 40px);
        width: fit-content;
        max-width: 100%;
        gap: 6px;
        padding: var(--space-2) var(--space-3);
        border: 1px solid var(--line);
        border-radius: var(--radius-2);
        background: color-mix(in srgb, var(--sunken) 60%, transparent);
      }
      .jack {
        position: relative;
        text-align: center;
        font-size: 10px;
        line-height: 1.3;
        color: var(--ink-3);
        min-width: 0;
      }
      .jack svg {
        width: 100%;
        height: auto;
        max-height: 28px;
      }
      .body {
        fill: var(--surface);
        stroke: var(--line-strong);
        stroke-width: 1.4;
      }
      .up .body {
        fill: var(--mark);
        stroke: var(--mark);
      }
      .up .lamp {
        fill: var(--proven-mark);
      }
      .lamp,
      .cross,
      .bar {
        fill: none;
      }
      .up .pins {
        stroke: var(--surface);
      }
      .pins {
        stroke: var(--line-strong);
        stroke-width: 1.2;
      }
      .failed .body {
        fill: var(--failure-ground);
        stroke: var(--failure-mark);
        stroke-width: 2;
      }
      .failed .pins {
        stroke: none;
      }
      .failed .cross {
        stroke: var(--failure-mark);
        stroke-width: 2.2;
        stroke-linecap: round;
      }
      .failed {
        color: var(--failure);
        font-weight: 600;
      }
      .disabled .body {
        fill: transparent;
        stroke-dasharray: 3 2;
      }
      .disabled .pins {
        stroke: none;
      }
      .disabled .bar {
        stroke: var(--line-strong);
        stroke-width: 1.6;
      }
      .old .up .body {
        fill: var(--line-strong);
        stroke: var(--line-strong);
      }
      .old .up .lamp {
        fill: none;
      }
      .summary {
        margin-top: var(--space-2);
      }
      @media (max-width: 640px) {
        .ports.many {
          grid-auto-flow: row;
          grid-template-rows: none;
          grid-template-columns: repeat(12, minmax(0, 1fr));
        }
      }
    `,
  ];

  override render() {
    if (!this.seen) return nothing;
    const ports = portsOf(this.seen);
    if (ports.length === 0) return html`<p class="old">${t("face.no_values")}</p>`;
    const up = this.value("port_up");
    const rows = ports.length > ONE_ROW ? 2 : 1;
    const connected = ports.filter((each) => each.state === "up").length;
    return html`<div class=${up?.old ? "old" : ""}>
      <div class="ports ${rows > 1 ? "many" : ""}" style="--rows:${rows}" role="list">${ports.map((each) => jack(each))}</div>
      <p class="summary num">${t("port.summary", { up: connected, total: ports.length })}</p>
    </div>`;
  }
}

function jack({ name, state }: Port) {
  const words = t(`port.${state}`, { name });
  return html`<div class="jack ${state}" role="listitem" title=${words}>
    <svg viewBox="0 0 30 26" aria-hidden="true">
      <path class="body" d="M2 8V24H28V8H22V4H8V8Z" stroke-linejoin="round" />
      <path class="pins" d="M9 24V19M13 24V19M17 24V19M21 24V19" />
      <circle class="lamp" cx="15" cy="11" r="2.6" />
      <path class="cross" d="M10 11L20 20M20 11L10 20" />
      <path class="bar" d="M9 16H21" />
    </svg>
    <span class="num" aria-hidden="true">${shortPort(name)}</span><span class="hidden">${words}</span>
  </div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "port-row": PortRow;
  }
}
