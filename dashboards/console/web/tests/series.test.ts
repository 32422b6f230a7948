import { beforeEach, describe, expect, it } from "vitest";
import type { Api } from "../src/api/client.ts";
import type { ConditionSpan, History } from "../src/api/types.ts";
import { returnPath, routeOf } from "../src/app/router.ts";
import { condition, device, MINUTE, NOW, readings } from "../src/gallery/made.ts";
import { now } from "../src/live/clock.ts";
import { HistoryLoader } from "../src/live/history.ts";
import { setLanguage } from "../src/live/preferences.ts";
import { firstSeries } from "../src/words/metrics.ts";
import { rangeMs, tickLabel, ticks } from "../src/words/range.ts";
import { sectionsOf } from "../src/words/sections.ts";
import { alone, plotted, spansNow, withReading } from "../src/words/series.ts";

beforeEach(() => setLanguage("vi"));

const history = (times: number[], values = times.map((_, at) => at)): History => ({
  metric: "m",
  instance: "",
  times_ms: times,
  values,
  low: [],
  high: [],
});

describe("a series on a chart", () => {
  it("has a point where a value stands alone", () => {
    expect(alone([1])).toEqual([0]);
    expect(alone([1, null, 2, 3, null, 4])).toEqual([0, 5]);
    expect(alone([1, 2, null])).toEqual([]);
  });
  it("has a hole where nothing was heard", () => {
    const { x, y } = plotted(history([0, MINUTE, 2 * MINUTE, 10 * MINUTE]), 150_000);
    expect(y).toEqual([0, 1, 2, null, 3]);
    expect(x).toHaveLength(5);
    expect(x).toEqual([...x].sort((a, b) => a - b));
  });
  it("has none between thinned points that stand regularly apart", () => {
    const hours = Array.from({ length: 9 }, (_, n) => n * 60 * MINUTE);
    expect(plotted(history(hours), 150_000).y).not.toContain(null);
  });
  it("grows by newer readings only", () => {
    const start = history([NOW], [1]);
    expect(withReading(start, NOW, 2)).toBe(start);
    expect(withReading(start, NOW + 1, 2).values).toEqual([1, 2]);
    expect(start.values).toEqual([1]);
  });
});

describe("the axis", () => {
  it("ticks at round hours of Vietnam's day and names midnight by its date", () => {
    const at = ticks(NOW - rangeMs("24h"), NOW, 900);
    expect(at.map((each) => tickLabel(each, rangeMs("24h")))).toEqual([
      "10:00",
      "12:00",
      "14:00",
      "16:00",
      "18:00",
      "20:00",
      "22:00",
      "24/11",
      "02:00",
      "04:00",
      "06:00",
      "08:00",
    ]);
  });
  it("ticks at round minutes within an hour", () => {
    const labels = ticks(NOW - rangeMs("1h"), NOW, 900).map((each) => tickLabel(each, rangeMs("1h")));
    expect(labels.slice(0, 3)).toEqual(["08:30", "08:35", "08:40"]);
  });
  it("ticks at midnights over weeks", () => {
    const labels = ticks(NOW - rangeMs("7d"), NOW, 900).map((each) => tickLabel(each, rangeMs("7d")));
    expect(labels).toEqual(["18/11", "19/11", "20/11", "21/11", "22/11", "23/11", "24/11"]);
  });
  it("leaves room on a phone", () => {
    for (const range of ["24h", "7d", "35d"] as const) {
      const width = 270;
      const at = ticks(NOW - rangeMs(range), NOW, width);
      expect(at.length).toBeGreaterThan(1);
      expect(at.length * 58).toBeLessThan(width + 58 * 2);
    }
  });
});

it("draws a kind's telling series first, one of each, and something for an unknown kind", () => {
  const ups = readings({
    "input_voltage_volts/1": 1,
    "input_voltage_volts/2": 1,
    battery_charge_percent: 1,
    alarms_present: 0,
  });
  expect(firstSeries("ups", ups)).toEqual([
    { metric: "battery_charge_percent", instance: "" },
    { metric: "input_voltage_volts", instance: "1" },
  ]);
  expect(firstSeries("new-kind", readings({ port_up: 1, something: 2 }))).toEqual([
    { metric: "something", instance: "" },
  ]);
});

it("gives every device of any kind its section", () => {
  const kinds = ["workstation", "server", "ups", "hologram", "camera"];
  const found = sectionsOf(kinds.map((kind) => device({ id: kind, kind })));
  expect(found.map(({ name, devices }) => [name, devices.map(({ id }) => id)])).toEqual([
    ["power", ["ups"]],
    ["computers", ["server", "workstation"]],
    ["services", ["hologram"]],
  ]);
});

describe("a device's past", () => {
  const span = (part: Partial<ConditionSpan> = {}): ConditionSpan => ({
    rule: "ups_on_battery",
    instance: "",
    severity: "attention",
    start_ms: NOW - 9 * MINUTE,
    end_ms: null,
    ...part,
  });
  it("has a condition as soon as it is open, and its end as soon as it is not", () => {
    const open = condition({ rule: "toner_low", instance: "toner_black_percent", since_ms: NOW - MINUTE });
    expect(spansNow([span()], [open], NOW)).toMatchObject([
      { rule: "ups_on_battery", end_ms: NOW },
      { rule: "toner_low", instance: "toner_black_percent", start_ms: NOW - MINUTE, end_ms: null },
    ]);
  });
  it("shows what it knows already once", () => {
    const spans = [span({ start_ms: NOW - 60 * MINUTE, end_ms: NOW - 50 * MINUTE }), span()];
    expect(spansNow(spans, [condition({ rule: "ups_on_battery", since_ms: NOW - 9 * MINUTE })], NOW)).toEqual(spans);
  });

  const series = { metric: "on_battery", instance: "" };
  function loader(oldestMs: number) {
    const asked: number[] = [];
    const api = {
      history: async (_place, _metric, _instance, from, to) => {
        asked.push(Math.round((to - from) / rangeMs("1h")));
        return history([oldestMs, now()]);
      },
      conditions: async () => [],
    } as Partial<Api> as Api;
    const host = {
      addController() {},
      removeController() {},
      requestUpdate() {},
      updateComplete: Promise.resolve(true),
    };
    return { past: new HistoryLoader(host, api, { ward: "a", device: "b" }), asked };
  }
  it("begins with the last hour where there is no more yet, and with a day where there is", async () => {
    const young = loader(now() - 12 * MINUTE);
    await young.past.begin([series]);
    expect([young.past.range, ...young.asked]).toEqual(["1h", 24, 1]);
    const old = loader(now() - 90 * MINUTE);
    await old.past.begin([series]);
    expect([old.past.range, ...old.asked]).toEqual(["24h", 24]);
  });
  it("leaves the range to the reader who chose one", async () => {
    const { past } = loader(now() - 12 * MINUTE);
    const begun = past.begin([series]);
    await past.show("7d", [series]);
    await begun;
    expect(past.range).toBe("7d");
  });
});

describe("addresses", () => {
  it("lead to pages", () => {
    expect(routeOf("/")).toEqual({ page: "district" });
    expect(routeOf("/wards/a/")).toEqual({ page: "ward", ward: "a" });
    expect(routeOf("/wards/a/devices/b")).toEqual({ page: "device", ward: "a", device: "b" });
    for (const path of ["/wards", "/wards/a/b", "/wards/a/devices", "/nothing", "/about/x"])
      expect(routeOf(path).page).toBe("unknown");
    expect(routeOf("/wards/%E0%A4%A")).toEqual({ page: "ward", ward: "%E0%A4%A" });
  });
  it("after sign-in stay our own", () => {
    expect(returnPath("?to=%2Fwards%2Fa")).toBe("/wards/a");
    for (const bad of ["?to=https://x.example", "?to=//x.example", "?to=/%5Cx.example", ""])
      expect(returnPath(bad)).toBe("/");
  });
});
