/** The metric catalogue as the pages use it: what each is called, and which of them tell the most about a kind. */
import type { Metric, Reading } from "../api/types.ts";
import { language } from "../live/preferences.ts";
import { isFlag } from "./format.ts";
import { natural } from "./state.ts";
import { alarmWord, t } from "./text.ts";

export type Metrics = ReadonlyMap<string, Metric>;

export const metricLabel = (metric: Metric | undefined, name: string): string =>
  metric?.[language()] ?? name.replaceAll("_", " ");

let known: Metrics = new Map();

/** The catalogue, once it is there: some conditions are told apart by the metric that raised them. */
export function knowMetrics(metrics: Metrics): void {
  known = metrics;
}

/** Which of a device's ports, disks, streams …: as the device calls it, or its name for people where we have one. */
export function instanceWords(instance: string): string {
  if (instance === "main" || instance === "sub") return t(`picture.stream.${instance}`);
  const metric = known.get(instance);
  return metric ? metricLabel(metric, instance) : instance;
}

/** The ward's devices' names by id: a recorder's readings are each of one of its cameras. */
export type Names = ReadonlyMap<string, string>;

/** " · Fan failure" after a reading's name; "" where there is only one of them. */
export function whichOne({ metric, instance }: Series, names?: Names): string {
  if (!instance) return "";
  return ` · ${metric === "alarm_active" ? alarmWord(instance) : (names?.get(instance) ?? instanceWords(instance))}`;
}

/** " (gi5)" after what is wrong; "" where there is only one. `name`: of the device that it is, where it is one. */
export const where = (instance: string, name = ""): string => (instance ? ` (${name || instanceWords(instance)})` : "");

export interface Series {
  metric: string;
  instance: string;
}

export const seriesKey = ({ metric, instance }: Series): string => `${metric}/${instance}`;

/** What each kind's page draws first, most telling first. */
const FIRST: Record<string, string[]> = {
  ups: ["battery_charge_percent", "output_load_percent", "input_voltage_volts", "battery_temperature_celsius"],
  printer: [
    "toner_black_percent",
    "toner_cyan_percent",
    "toner_magenta_percent",
    "toner_yellow_percent",
    "ink_black_percent",
    "tray_percent",
    "pages_total",
  ],
  switch: ["interfaces_up"],
  router: ["interfaces_up"],
  server: ["cpu_load_percent", "memory_used_percent", "disk_used_percent"],
  sensor: ["temperature_celsius", "humidity_percent"],
  aircon: ["temperature_celsius", "setpoint_celsius", "humidity_percent"],
  uplink: ["rtt_seconds", "packet_loss_percent", "jitter_seconds"],
  service: ["response_seconds", "certificate_days_left"],
  scanner: ["scans_total"],
};
const ANY = ["rtt_seconds", "packet_loss_percent", "cpu_load_percent", "temperature_celsius", "uptime_seconds"];
const MOST = 4;

/** The series to draw before the reader has chosen any. */
export function firstSeries(kind: string, readings: readonly Reading[]): Series[] {
  for (const names of [FIRST[kind] ?? [], ANY]) {
    const found = names.flatMap((name) =>
      readings
        .filter((each) => each.metric === name)
        .sort((a, b) => natural(a.instance, b.instance))
        .slice(0, 1)
        .map(({ metric, instance }) => ({ metric, instance })),
    );
    if (found.length) return found.slice(0, MOST);
  }
  return readings
    .filter((each) => !isFlag(each.metric))
    .slice(0, 1)
    .map(({ metric, instance }) => ({ metric, instance }));
}
