/** The faces of the office's other devices in every state: rooms, scanners, lines, services, screens. */
import { html } from "lit";
import type { Device, Ward } from "../api/types.ts";
import type { Group } from "./cases.ts";
import { dead, old, seen } from "./cases.ts";
import { readings } from "./made.ts";

type Values = Record<string, number>;

const aircon = (values: Values): Partial<Device> => ({
  id: "aircon-1",
  kind: "aircon",
  name: "Điều hòa phòng máy",
  readings: readings(values),
});
const COOL = { temperature_celsius: 24.6, humidity_percent: 58, setpoint_celsius: 24, aircon_running: 1 };
const SENSOR = (values: Values): Partial<Device> => ({ ...aircon(values), id: "sensor-1", kind: "sensor" });
const scanner = (values: Values): Partial<Device> => ({
  id: "scanner-1",
  kind: "scanner",
  name: "Máy quét quầy 2",
  readings: readings(values),
});
const uplink = (values: Values): Partial<Device> => ({
  id: "uplink-man",
  kind: "uplink",
  name: "Đường MAN",
  readings: readings(values),
});
const MAN = { line_up: 1, line_active: 1, rtt_seconds: 0.0042, packet_loss_percent: 0, jitter_seconds: 0.0006 };
const service = (values: Values): Partial<Device> => ({
  id: "service-1",
  kind: "service",
  name: "Hệ thống một cửa",
  readings: readings(values),
});
const SERVING = { service_up: 1, response_seconds: 0.182, http_status: 200, certificate_days_left: 143 };
const presence = (kind: string, of: Partial<Device> = {}): Partial<Device> => ({
  id: `${kind}-1`,
  kind,
  name: "Sảnh giao dịch",
  readings: readings({ rtt_seconds: 0.0011 }),
  ...of,
});
const SERVER: Partial<Device> = {
  id: "server-1",
  kind: "server",
  name: "Máy chủ",
  readings: readings({
    cpu_load_percent: 12,
    memory_used_percent: 51,
    "unit_running/queue-manager.service": 0,
    "unit_running/nftables.service": 1,
    "disk_healthy/sda": 0,
    "disk_healthy/sdb": 1,
    clock_offset_seconds: 0.0003,
    clock_synchronised: 1,
  }),
};

const room = (of: Partial<Device>, large = false) => html`<room-face .seen=${seen(of)} ?large=${large}></room-face>`;
const lid = (of: Partial<Device>, large = false) =>
  html`<scanner-face .seen=${seen(of)} ?large=${large}></scanner-face>`;
const way = (of: Partial<Device>, at: Partial<Ward> = {}, large = false) =>
  html`<line-face .seen=${seen(of, at)} ?large=${large}></line-face>`;
const answers = (of: Partial<Device>, large = false) =>
  html`<service-face .seen=${seen(of)} ?large=${large}></service-face>`;
const here = (of: Partial<Device>) => html`<presence-face large .seen=${seen(of)}></presence-face>`;
const host = (of: Partial<Device>, large = false) =>
  html`<server-face .seen=${seen(of)} ?large=${large}></server-face>`;

const KINDS = ["workstation", "kiosk", "queue", "counter_display", "tablet", "signboard", "display"];

export const KIND_FACES: Group[] = [
  {
    part: "room-face",
    wide: "card",
    cases: [
      { state: "cools", shows: room(aircon({ ...COOL, cooling_state: 1 })) },
      {
        state: "does-not-cool",
        shows: room(aircon({ ...COOL, temperature_celsius: 31.2, cooling_state: 2, aircon_fault: 1 })),
      },
      { state: "not-needed", shows: room(aircon({ temperature_celsius: 19.8, cooling_state: 0, aircon_running: 0 })) },
      { state: "sensor", shows: room(SENSOR({ temperature_celsius: 27.1, humidity_percent: 71 })) },
      { state: "battery-low", shows: room(SENSOR({ temperature_celsius: 27.1, sensor_battery_percent: 9 })) },
      {
        state: "large",
        shows: room(
          aircon({ ...COOL, cooling_state: 1, "temperature_celsius/Rear": 26, sensor_battery_percent: 88 }),
          true,
        ),
      },
      { state: "old", shows: room(old(aircon({ ...COOL, cooling_state: 2 }))) },
      { state: "no-values", shows: room(aircon({})) },
    ],
  },
  {
    part: "scanner-face",
    wide: "card",
    cases: [
      { state: "ready", shows: lid(scanner({ scanner_state: 0, scans_total: 4_812 })) },
      { state: "scanning", shows: lid(scanner({ scanner_state: 1, scans_total: 4_813 })) },
      { state: "jam", shows: lid(scanner({ scanner_state: 2, scanner_jammed: 1 })) },
      { state: "answers", shows: lid(scanner({})) },
      { state: "unreachable", shows: lid(dead(scanner({ scanner_state: 0, scans_total: 4_812 }))) },
      { state: "large", shows: lid(scanner({ scanner_state: 0, scans_total: 4_812 }), true) },
    ],
  },
  {
    part: "line-face",
    wide: "card",
    cases: [
      { state: "carries-the-traffic", shows: way(uplink(MAN)) },
      { state: "waits", shows: way(uplink({ ...MAN, line_active: 0, rtt_seconds: 0.021 })) },
      { state: "lossy", shows: way(uplink({ ...MAN, packet_loss_percent: 12 })) },
      { state: "names-fail", shows: way(uplink({ ...MAN, names_resolve: 0 })) },
      { state: "cut", shows: way(uplink({ line_up: 0, line_active: 0, packet_loss_percent: 100 })) },
      { state: "old", shows: way(old(uplink(MAN)), { presence: "offline" }) },
      { state: "large", shows: way(uplink(MAN), {}, true) },
      { state: "no-values", shows: way(uplink({})) },
    ],
  },
  {
    part: "service-face",
    wide: "card",
    cases: [
      { state: "answers", shows: answers(service(SERVING)) },
      { state: "slow", shows: answers(service({ ...SERVING, response_seconds: 6.4 })) },
      { state: "down", shows: answers(service({ service_up: 0, http_status: 503 })) },
      { state: "certificate-soon", shows: answers(service({ ...SERVING, certificate_days_left: 9.6 })) },
      { state: "certificate-over", shows: answers(service({ service_up: 0, certificate_days_left: -3 })) },
      { state: "large", shows: answers(service(SERVING), true) },
      { state: "no-values", shows: answers(service({})) },
    ],
  },
  {
    part: "presence-face",
    wide: "card",
    cases: KINDS.flatMap((kind) => [
      { state: kind.replace("_", "-"), shows: here(presence(kind)) },
      { state: `${kind.replace("_", "-")}-off`, shows: here(dead(presence(kind))) },
    ]),
  },
  {
    part: "server-duties",
    wide: "card",
    cases: [
      { state: "one-stopped", shows: host(SERVER) },
      { state: "large", shows: host(SERVER, true) },
    ],
  },
];
