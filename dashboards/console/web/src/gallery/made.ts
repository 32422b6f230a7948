/** Wards, devices and conditions for the tests and the gallery: each takes only what matters to the case. */
import type { Condition, Device, Metric, Reading, Ward } from "../api/types.ts";

/** 24/11/2026 09:30 in Vietnam. */
export const NOW = Date.UTC(2026, 10, 24, 2, 30);
export const MINUTE = 60_000;

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
    severity: "attention",
    since_ms: NOW - 16 * MINUTE,
    value: null,
    threshold: null,
    reason: null,
    cause_device: null,
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
