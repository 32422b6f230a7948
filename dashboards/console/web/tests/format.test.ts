import { beforeEach, describe, expect, it } from "vitest";
import { METRICS, MINUTE, NOW } from "../src/gallery/made.ts";
import { setLanguage } from "../src/live/preferences.ts";
import { ago, clock, date, duration, joined, moment, number, shown } from "../src/words/format.ts";
import { fill } from "../src/words/text.ts";

beforeEach(() => setLanguage("vi"));
const say = (name: string, value: number) => joined(shown(METRICS.get(name), name, value)).replaceAll("\u00a0", " ");

describe("times", () => {
  it("are the ward's, 24-hour, dd/mm/yyyy", () => {
    expect(clock(NOW)).toBe("09:30");
    expect(clock(Date.UTC(2026, 10, 23, 17, 5))).toBe("00:05");
    expect(date(Date.UTC(2026, 10, 23, 17, 5))).toBe("24/11/2026");
  });
  it("name yesterday and older days", () => {
    expect(moment(NOW - 20 * MINUTE, NOW)).toBe("09:10");
    expect(moment(NOW - 600 * MINUTE, NOW)).toBe("23:30 hôm qua");
    expect(moment(NOW - 3 * 1440 * MINUTE, NOW)).toBe("09:30 ngày 21/11/2026");
  });
  it("age in one unit and never into the future", () => {
    expect(ago(NOW - 2_000, NOW)).toBe("vừa xong");
    expect(ago(NOW + 9_000, NOW)).toBe("vừa xong");
    expect(ago(NOW - 45_000, NOW)).toBe("45 giây trước");
    expect(ago(NOW - 44 * MINUTE, NOW)).toBe("44 phút trước");
    expect(ago(NOW - 3 * 1440 * MINUTE, NOW)).toBe("3 ngày trước");
  });
  it("last in two units", () => {
    expect(duration(2540)).toBe("42 phút");
    expect(duration(3 * 3600 + 12 * 60)).toBe("3 giờ 12 phút");
    expect(duration(86_400 * 22)).toBe("22 ngày");
  });
});

describe("numbers", () => {
  it("have the reader's marks", () => {
    expect(number(1840)).toBe("1.840");
    expect(number(-2.5, 1)).toBe("\u22122,5");
    setLanguage("en");
    expect(number(1840.25, 1)).toBe("1,840.3");
  });
  it("have people's units", () => {
    expect(say("port_speed_bits_per_second", 1e9)).toBe("1,0 Gbit/s");
    expect(say("port_in_bits_per_second", 712_302)).toBe("712 kbit/s");
    expect(say("port_in_bits_per_second", 0)).toBe("0 bit/s");
    expect(say("disk_free_bytes", 98e9)).toBe("98,0 GB");
    expect(say("rtt_seconds", 0.0046)).toBe("4,6 ms");
    expect(say("clock_offset_seconds", -0.3)).toBe("\u2212300 ms");
    expect(say("clock_offset_seconds", -3600)).toBe("\u22121 giờ");
    expect(say("temperature_celsius", 24.6)).toBe("24,6 °C");
    expect(say("battery_runtime_seconds", 1140)).toBe("19 phút");
  });
  it("say yes and no where that is meant", () => {
    expect(say("on_battery", 1)).toBe("Có");
    expect(say("printer_state", 5)).toBe("Đang làm nóng");
  });
});

it("chooses one and many by n, and fills the holes", () => {
  expect(fill("{n} day|{n} days", { n: 1 })).toBe("1 day");
  expect(fill("{n} day|{n} days", { n: 3 })).toBe("3 days");
  expect(fill("{n} ngày", { n: 3 })).toBe("3 ngày");
  expect(fill("{known} {unknown}", { known: "a" })).toBe("a {unknown}");
});
