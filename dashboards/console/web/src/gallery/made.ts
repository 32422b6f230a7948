/** Wards, devices and conditions for the tests and the gallery: each takes only what matters to the case. */
import type { Condition, Coverage, Day, Device, Gap, Metric, Proof, Reading, Ward } from "../api/types.ts";

/** 24/11/2026 09:30 in Vietnam. */
export const NOW = Date.UTC(2026, 10, 24, 2, 30);
export const MINUTE = 60_000;
export const DAY = 1440 * MINUTE;

export function ward(part: Partial<Ward> = {}): Ward {
  return {
    id: "hai-chau-1",
    name: "Phường Hải Châu 1",
    presence: "online",
    last_word_ms: NOW - 2_000,
    offline_since_ms: null,
    agent_version: "0.1.0",
    missing_positions: 0,
    named_losses: 0,
    device_count: 12,
    devices_answering: 12,
    worst: null,
    conditions: [],
    ...part,
  };
}

export function condition(part: Partial<Condition> = {}): Condition {
  return {
    ward: "hai-chau-1",
    device: "ups-1",
    device_name: "UPS Tủ mạng",
    device_kind: "ups",
    rule: "ups_on_battery",
    instance: "",
    instance_name: "",
    severity: "attention",
    since_ms: NOW - 16 * MINUTE,
    value: null,
    threshold: null,
    reason: null,
    cause_device: null,
    ...part,
  };
}

/** Thirty days of a recorder's index up to today; `change` has what differs, by how many days ago. */
export function coverage(part: Partial<Coverage> = {}, change: Record<number, Partial<Day>> = {}): Coverage {
  const days = Array.from({ length: 30 }, (_, place) => {
    const ago = 29 - place;
    const at = new Date(NOW - ago * DAY + 7 * 60 * MINUTE);
    const closed = at.getUTCDay() === 0 || at.getUTCDay() === 6;
    const date = at.toISOString().slice(0, 10);
    return { date, open_percent: closed ? null : 100, whole_percent: 99.8, motion_only: false, ...change[ago] };
  });
  return {
    camera: "camera-1",
    recorder: "recorder-1",
    channel: "1",
    seen_ms: NOW - 450 * MINUTE,
    verdict: "met",
    from_ms: NOW - 30 * DAY,
    to_ms: NOW,
    asked_days: 30,
    open_percent: 99.9,
    whole_percent: 99.8,
    oldest_ms: NOW - 34 * DAY,
    days,
    gaps: [],
    clock_offset_seconds: 0.4,
    kept_days: 41.5,
    short_on: null,
    reason: "",
    ...part,
  };
}

/** A gap on the day that was `ago` days ago, from a time of that day on. */
export function gap(ago: number, fromHour: number, minutes: number): Gap {
  const from_ms = Date.UTC(2026, 10, 24 - ago, -7) + fromHour * 60 * MINUTE;
  return { from_ms, to_ms: from_ms + minutes * MINUTE };
}

export function proof(part: Partial<Proof> = {}): Proof {
  const asked_ms = NOW - 14 * DAY + 17 * MINUTE;
  return {
    recorder: "recorder-1",
    seen_ms: NOW - 450 * MINUTE,
    asked_ms,
    shown_ms: asked_ms + 320,
    decoded: true,
    proves: true,
    is_oldest: false,
    frame_sha256: "5f3c9a7e21d84b06f1c2aa90be7d4413a6d0387c5b19e24f8807d3c6152b9e40",
    dated_by: "extension",
    clock_offset_seconds: -1.8,
    reason: "",
    picture: { sha256: "a41e06c2d97f35b8420b7f9d16ce8353f0a2c94d7be15860213c9fd48a76e5b1", held: true },
    ...part,
  };
}

export function device(part: Partial<Device> = {}): Device {
  return {
    id: "ups-1",
    kind: "ups",
    name: "UPS Tủ mạng",
    location: "Tủ mạng",
    parent: null,
    port: null,
    protocol: "snmp",
    address: "192.168.10.20",
    interval_seconds: 30,
    reachable: true,
    reachable_since_ms: NOW - 400 * MINUTE,
    reason: null,
    last_reading_ms: NOW - 10_000,
    readings: [],
    facts: [],
    thumbnail: null,
    ...part,
  };
}

/** Readings by "metric/instance", all of one moment. */
export function readings(values: Record<string, number>, time_ms = NOW - 10_000): Reading[] {
  return Object.entries(values).map(([key, value]) => {
    const [metric = "", instance = ""] = key.split(/\/(.*)/s);
    return { metric, instance, value, time_ms };
  });
}

const LINES: [string, string, number, string, string][] = [
  ["battery_charge_percent", "%", 0, "Mức pin", "Battery charge"],
  ["battery_runtime_seconds", "s", 0, "Thời gian pin còn lại", "Battery runtime left"],
  ["output_load_percent", "%", 0, "Mức tải", "Load"],
  ["on_battery", "", 0, "Đang chạy bằng pin", "Running on battery"],
  ["toner_black_percent", "%", 0, "Mực đen", "Black toner"],
  ["temperature_celsius", "°C", 1, "Nhiệt độ", "Temperature"],
  ["humidity_percent", "%", 0, "Độ ẩm", "Humidity"],
  ["rtt_seconds", "s", 4, "Độ trễ", "Round trip"],
  ["clock_offset_seconds", "s", 3, "Đồng hồ lệch", "Clock offset"],
  ["packet_loss_percent", "%", 0, "Mất gói", "Packet loss"],
  ["port_speed_bits_per_second", "bit/s", 0, "Tốc độ cổng", "Port speed"],
  ["port_in_bits_per_second", "bit/s", 0, "Lưu lượng vào", "Traffic in"],
  ["port_out_bits_per_second", "bit/s", 0, "Lưu lượng ra", "Traffic out"],
  ["port_errors_per_second", "1/s", 2, "Lỗi cổng", "Port errors"],
  ["pages_total", "", 0, "Tổng số trang", "Pages printed"],
  ["disk_free_bytes", "B", 0, "Ổ đĩa còn trống", "Disk free"],
];

export const METRICS: ReadonlyMap<string, Metric> = new Map(
  LINES.map(([name, unit, digits, vi, en]) => [name, { name, unit, digits, vi, en }]),
);
