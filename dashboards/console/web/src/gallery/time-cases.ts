/** The cases that have time in them, and the small parts of pages. */
import { html } from "lit";
import { ApiError } from "../api/client.ts";
import type { ConditionSpan, History } from "../api/types.ts";
import { rangeMs } from "../words/range.ts";
import type { Health } from "../words/state.ts";
import { FALLEN, type Group, SWITCH, seen } from "./cases.ts";
import { device, METRICS, MINUTE, NOW, readings } from "./made.ts";

const DAY = rangeMs("24h");

/** A battery that ran down twice; `every` minutes a point, with a hole of three hours if asked. */
function charge(spanMs: number, every: number, hole = false): History {
  const times: number[] = [];
  for (let at = NOW - spanMs; at <= NOW; at += every * MINUTE) {
    if (!hole || at < NOW - 600 * MINUTE || at > NOW - 420 * MINUTE) times.push(at);
  }
  const values = times.map((at) => 100 - 60 * Math.max(0, Math.sin(((at - NOW) / spanMs) * 9)) ** 6);
  const thinned = every > 10;
  return {
    metric: "battery_charge_percent",
    instance: "",
    times_ms: times,
    values,
    low: thinned ? values.map((each) => Math.max(0, each - 14)) : [],
    high: thinned ? values.map((each) => Math.min(100, each + 4)) : [],
  };
}

/** A calm year in 600 stretches; a minute of one day in March was another matter. */
function year(): History {
  const spanMs = rangeMs("1y");
  const times = Array.from({ length: 600 }, (_, at) => NOW - spanMs + ((at + 0.5) * spanMs) / 600);
  const values = times.map((_, at) => 97 + 2 * Math.sin(at / 7));
  return {
    metric: "battery_charge_percent",
    instance: "",
    times_ms: times,
    values,
    low: values.map((each, at) => (at === 411 ? 12 : each - 1.5)),
    high: values.map((each) => Math.min(100, each + 1)),
  };
}

const span = (
  rule: string,
  severity: ConditionSpan["severity"],
  fromHour: number,
  toHour: number | null,
): ConditionSpan => ({
  rule,
  instance: "",
  severity,
  start_ms: NOW - fromHour * 60 * MINUTE,
  end_ms: toHour === null ? null : NOW - toHour * 60 * MINUTE,
});

const SPANS = [
  span("ups_on_battery", "attention", 20.4, 18.2),
  span("ups_on_battery", "attention", 4.2, 2.6),
  span("ups_battery_low", "failure", 3.4, 2.9),
  span("ups_battery_replace", "info", 9, null),
];

const chart = (history: History | undefined, spans: ConditionSpan[] = [], failed = false, spanMs = DAY) =>
  html`<reading-chart
    name="battery_charge_percent"
    group="gallery"
    .metric=${METRICS.get("battery_charge_percent")}
    .history=${history}
    .spans=${spans}
    .failed=${failed}
    .from=${NOW - spanMs}
    .to=${NOW}
    .gap=${150_000}
  ></reading-chart>`;

const timeline = (spans: ConditionSpan[] | undefined, spanMs = DAY) =>
  html`<state-timeline .spans=${spans} .from=${NOW - spanMs} .to=${NOW}></state-timeline>`;

const EMPTY: History = { metric: "battery_charge_percent", instance: "", times_ms: [], values: [], low: [], high: [] };
const HEALTHS: (Health | "never")[] = [
  "ok",
  "info",
  "attention",
  "failure",
  "off",
  "unreachable",
  "partial",
  "stale",
  "ward_offline",
  "unpolled",
  "never",
];
const PARENT = device({ id: "switch-1", kind: "switch", name: "Switch Tủ mạng", parent: "uplink-1" });
const UPLINK = device({ id: "uplink-1", kind: "uplink", name: "Đường truyền MAN" });
const STATION = { id: "workstation-1", kind: "workstation", name: "Máy quầy 1", parent: "switch-1" };
const LOST = device({ ...STATION, id: "workstation-2", name: "Máy quầy 2", reachable: false });

export const TIMES: Group[] = [
  {
    part: "state-timeline",
    wide: "full",
    cases: [
      { state: "conditions", shows: timeline(SPANS) },
      { state: "seven-days", shows: timeline(SPANS, rangeMs("7d")) },
      { state: "empty", shows: timeline([]) },
      { state: "loading", shows: timeline(undefined) },
    ],
  },
  {
    part: "reading-chart",
    wide: "full",
    cases: [
      { state: "day-with-conditions", shows: chart(charge(DAY, 1), SPANS) },
      { state: "last-hour", shows: chart(charge(rangeMs("1h"), 1), [], false, rangeMs("1h")) },
      { state: "hole", shows: chart(charge(DAY, 1, true)) },
      { state: "thinned-35-days", shows: chart(charge(rangeMs("35d"), 90), [], false, rangeMs("35d")) },
      { state: "a-minute-in-a-year", shows: chart(year(), [], false, rangeMs("1y")) },
      { state: "loading", shows: chart(undefined) },
      { state: "empty", shows: chart(EMPTY) },
      { state: "failed", shows: chart(undefined, [], true) },
    ],
  },
];

export const PARTS: Group[] = [
  {
    part: "state-mark",
    wide: "small",
    cases: HEALTHS.map((health) => ({ state: health, shows: html`<state-mark health=${health}></state-mark>` })),
  },
  {
    part: "age-of",
    wide: "small",
    cases: [2_000, 45_000, 12 * MINUTE, 44 * 60 * MINUTE].map((each) => ({
      state: `${each / 1000}s`,
      shows: html`<age-of .time=${NOW - each} .at=${NOW}></age-of>`,
    })),
  },
  {
    part: "live-mark",
    wide: "small",
    cases: (["live", "connecting", "lost"] as const).map((state) => ({
      state,
      shows: html`<live-mark .stream=${state}></live-mark>`,
    })),
  },
  {
    part: "reading-list",
    wide: "half",
    cases: [
      {
        state: "one-old",
        shows: html`<reading-list
          class="panel"
          .metrics=${METRICS}
          .charted=${new Set(["battery_charge_percent/"])}
          .seen=${seen({
            readings: [
              ...readings({ battery_charge_percent: 100, output_load_percent: 21, on_battery: 0 }),
              ...readings({ temperature_celsius: 24.6 }, NOW - 30 * MINUTE),
            ],
          })}
        ></reading-list>`,
      },
      {
        state: "empty",
        shows: html`<reading-list class="panel" .metrics=${METRICS} .seen=${seen({})}></reading-list>`,
      },
    ],
  },
  {
    part: "hangs-on",
    wide: "half",
    cases: [
      {
        state: "between",
        shows: html`<hangs-on class="panel"
          .seen=${seen({ ...PARENT })} .devices=${[UPLINK, PARENT, device(STATION), LOST]}></hangs-on>`,
      },
      { state: "alone", shows: html`<hangs-on class="panel" .seen=${seen({})} .devices=${[device()]}></hangs-on>` },
    ],
  },
  {
    part: "port-table",
    wide: "full",
    cases: [
      {
        state: "port-down",
        shows: html`<port-table class="panel" .metrics=${METRICS} .seen=${seen(SWITCH, { conditions: [FALLEN] })}></port-table>`,
      },
    ],
  },
  {
    part: "page-error",
    wide: "half",
    cases: [
      { state: "no-connection", shows: html`<page-error .error=${new ApiError(0, "no_connection", "")}></page-error>` },
      { state: "not-found", shows: html`<page-error></page-error>` },
    ],
  },
];
