/** A switch's ports as a table: state, speed, traffic. A port's row puts its traffic on the charts. */
import { css, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { joined, shown } from "../words/format.ts";
import { type Metrics, seriesKey } from "../words/metrics.ts";
import { type Seen, valueIn } from "../words/state.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { icon } from "./icons.ts";
import { type Port, portsOf } from "./port-row.ts";

const COLUMNS = {
  speed: "port_speed_bits_per_second",
  in: "port_in_bits_per_second",
  out: "port_out_bits_per_second",
  errors: "port_errors_per_second",
} as const;
type Column = keyof typeof COLUMNS;

@customElement("port-table")
export class PortTable extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  @property({ attribute: false }) metrics: Metrics = new Map();
  @property({ attribute: false }) charted: ReadonlySet<string> = new Set();

  static override styles = [
    shared,
    css`
      :host {
        overflow: auto;
        max-height: 458px;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: var(--size-2);
        line-height: 1.35;
      }
      th {
        position: sticky;
        top: 0;
        z-index: 1;
        padding: var(--space-2) var(--space-3);
        background: var(--surface);
        box-shadow: inset 0 -1px var(--line);
        color: var(--ink-3);
        font-size: var(--size-1);
        font-weight: 400;
        text-align: right;
        white-space: nowrap;
      }
      th:first-child,
      th:nth-child(2) {
        text-align: left;
      }
      td {
        height: 36px;
        padding: 0 var(--space-3);
        border-top: 1px solid var(--line);
        font-family: var(--font-figures);
        text-align: right;
        white-space: nowrap;
      }
      tr:first-child td {
        border-top: 0;
      }
      td:first-child,
      td:nth-child(2) {
        font-family: var(--font);
        text-align: left;
      }
      button {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
        min-height: var(--target);
        padding: 0;
        border: 0;
        background: none;
        font-weight: 500;
        cursor: pointer;
      }
      button svg {
        color: var(--line-strong);
      }
      [aria-pressed="true"] svg {
        color: var(--ink);
      }
      .state {
        display: inline-flex;
        align-items: center;
        gap: 6px;
        vertical-align: middle;
      }
      .failed .state {
        color: var(--failure);
        font-weight: 500;
      }
      .down,
      .disabled,
      .old {
        color: var(--ink-3);
      }
      .up .state svg {
        color: var(--ink-3);
      }
      .old .state svg {
        color: inherit;
      }
    `,
  ];

  override render() {
    const { seen } = this;
    if (!seen) return nothing;
    const has = (column: Column) => seen.device.readings.some((each) => each.metric === COLUMNS[column]);
    const columns = (Object.keys(COLUMNS) as Column[]).filter(has);
    return html`<table>
      <thead>
        <tr>
          <th scope="col">${t("port.column")}</th>
          <th scope="col">${t("port.state")}</th>
          ${columns.map((each) => html`<th scope="col">${t(`port.${each}`)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${portsOf(seen).map((port) => this.#row(seen, port, columns))}
      </tbody>
    </table>`;
  }

  #row(seen: Seen, { name, state }: Port, columns: readonly Column[]) {
    const series = [COLUMNS.in, COLUMNS.out].map((metric) => ({ metric, instance: name }));
    const old = valueIn(seen, "port_up", name)?.old;
    const mark = { up: "ok", failed: "failure", down: "unpolled", disabled: "cross" } as const;
    return html`<tr class="${state} ${old ? "old" : ""}">
      <td>
        ${
          columns.includes("in")
            ? html`<button
              aria-pressed=${series.every((each) => this.charted.has(seriesKey(each)))}
              title=${t("device.chart_choose", { metric: name })}
              @click=${() => this.dispatchEvent(new CustomEvent("chart", { detail: series }))}
            >
              ${icon("chart", 15)}${name}
            </button>`
            : name
        }
      </td>
      <td><span class="state">${icon(mark[state], 14)}${t(`port.state.${state}`)}</span></td>
      ${columns.map((each) => {
        const value = state === "up" ? valueIn(seen, COLUMNS[each], name) : undefined;
        if (!value) return html`<td>–</td>`;
        const words = shown(this.metrics.get(COLUMNS[each]), COLUMNS[each], value.value);
        return html`<td>${each === "errors" ? words.text : joined(words)}</td>`;
      })}
    </tr>`;
  }
}
