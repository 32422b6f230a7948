/** Every component in every state it can be in. The tests photograph them; people look at them side by side. */
import { html, type TemplateResult } from "lit";
import type { Device, Ward } from "../api/types.ts";
import type { LivePicture } from "../components/live-picture.ts";
import type { Cause } from "../words/causes.ts";
import type { Seen } from "../words/state.ts";
import { condition, device, METRICS, MINUTE, NOW, readings, ward } from "./made.ts";

export interface Case {
  state: string;
  shows: TemplateResult;
}

export interface Group {
  /** The element's name. */
  part: string;
  /** How wide its cases stand. */
  wide: "small" | "card" | "half" | "full";
  cases: Case[];
}

const LONG_AGO = NOW - 45 * MINUTE;

export const seen = (of: Partial<Device>, at: Partial<Ward> = {}): Seen => ({
  device: device(of),
  ward: ward(at),
  now: NOW,
});

export const old = (of: Partial<Device>): Partial<Device> => ({
  ...of,
  last_reading_ms: LONG_AGO,
  readings: (of.readings ?? []).map((each) => ({ ...each, time_ms: LONG_AGO })),
});

export const dead = (of: Partial<Device>): Partial<Device> => ({
  ...old(of),
  reachable: false,
  reachable_since_ms: LONG_AGO,
  reason: { code: "no_answer", detail: "192.168.10.20: no answer within 5 s, 3 tries" },
});

const MAINS = { battery_charge_percent: 100, battery_runtime_seconds: 2540, output_load_percent: 21, on_battery: 0 };
const UPS: Partial<Device> = { readings: readings(MAINS) };
const RUNNING: Partial<Device> = {
  readings: readings({ ...MAINS, battery_charge_percent: 56, battery_runtime_seconds: 1320, on_battery: 1 }),
};
const LOW: Partial<Device> = {
  readings: readings({ ...MAINS, battery_charge_percent: 9, battery_runtime_seconds: 150, on_battery: 1 }),
};

const COLOUR = {
  toner_black_percent: 61,
  toner_cyan_percent: 38,
  toner_magenta_percent: 74,
  toner_yellow_percent: 49,
  "tray_percent/Tray 2": 80,
  printer_state: 3,
  pages_total: 18_240,
};
const PRINTER: Partial<Device> = { id: "printer-1", kind: "printer", name: "Máy in màu", location: "Bộ phận Một cửa" };
const printer = (values: Record<string, number>): Partial<Device> => ({ ...PRINTER, readings: readings(values) });

function ports(count: number, up: number): Record<string, number> {
  const all: Record<string, number> = { interfaces_up: up };
  for (let port = 1; port <= count; port += 1) {
    all[`port_up/gi${port}`] = port <= up ? 1 : 0;
    all[`port_enabled/gi${port}`] = port === count ? 0 : 1;
    all[`port_speed_bits_per_second/gi${port}`] = 1e9;
    all[`port_in_bits_per_second/gi${port}`] = port * 37_911;
    all[`port_out_bits_per_second/gi${port}`] = port * 11_204;
    all[`port_errors_per_second/gi${port}`] = 0;
  }
  return all;
}
export const SWITCH: Partial<Device> = {
  id: "switch-1",
  kind: "switch",
  name: "Switch Tủ mạng",
  readings: readings(ports(24, 17)),
};
export const FALLEN = condition({
  device: "switch-1",
  device_name: "Switch Tủ mạng",
  device_kind: "switch",
  rule: "port_down",
  instance: "gi5",
});

const SERVER: Partial<Device> = {
  id: "server-1",
  kind: "server",
  name: "Máy giám sát",
  readings: readings({
    cpu_load_percent: 7,
    memory_used_percent: 43,
    "disk_used_percent//": 58.4,
    "disk_used_percent//srv": 93,
    uptime_seconds: 1_903_107,
  }),
};
const STATION: Partial<Device> = {
  id: "workstation-1",
  kind: "workstation",
  name: "Máy quầy 1",
  location: "Bộ phận Một cửa",
  readings: readings({ rtt_seconds: 0.0008, packet_loss_percent: 0 }),
};
const SENSOR: Partial<Device> = {
  id: "sensor-1",
  kind: "sensor",
  name: "Cảm biến phòng máy",
  readings: readings({ temperature_celsius: 24.6, humidity_percent: 61 }),
};

const ups = (of: Partial<Device>, at: Partial<Ward> = {}, large = false) =>
  html`<ups-face .seen=${seen(of, at)} ?large=${large}></ups-face>`;
const ink = (of: Partial<Device>, large = false) =>
  html`<printer-face .seen=${seen(of)} ?large=${large}></printer-face>`;
const row = (of: Partial<Device>, at: Partial<Ward> = {}) => html`<port-row .seen=${seen(of, at)}></port-row>`;
const server = (of: Partial<Device>, at: Partial<Ward> = {}) => html`<server-face .seen=${seen(of, at)}></server-face>`;
const plain = (of: Partial<Device>) => html`<plain-face .seen=${seen(of)} .metrics=${METRICS}></plain-face>`;
const card = (of: Partial<Device>, at: Partial<Ward> = {}, cause = "") =>
  html`<device-card .seen=${seen(of, at)} .metrics=${METRICS} cause=${cause}></device-card>`;
const place = (of: Partial<Ward>) => html`<ward-card .ward=${ward(of)} .now=${NOW}></ward-card>`;
const tile = (of: Partial<Ward>) => html`<ward-tile .ward=${ward(of)} .now=${NOW}></ward-tile>`;
const line = (cause: Cause) => html`<condition-line .cause=${cause} .now=${NOW}></condition-line>`;

const DEAD_SWITCH = condition({
  device: "switch-2",
  device_name: "Switch Tầng 2",
  device_kind: "switch",
  rule: "unreachable",
  severity: "failure",
  since_ms: LONG_AGO,
  reason: { code: "no_answer", detail: "" },
});
const WENT = Array.from({ length: 5 }, (_, at) =>
  condition({
    ...DEAD_SWITCH,
    device: `workstation-${at + 11}`,
    device_name: `Máy quầy ${at + 11}`,
    device_kind: "workstation",
    cause_device: "switch-2",
  }),
);
const TONER = condition({
  ...PRINTER,
  device: "printer-1",
  device_name: "Máy in màu",
  device_kind: "printer",
  rule: "toner_low",
});
const BLACK = condition({ ...TONER, instance: "toner_black_percent" });
const NOTE = condition({ rule: "ups_battery_replace", severity: "info" });
const OFFLINE: Partial<Ward> = { presence: "offline", last_word_ms: LONG_AGO, offline_since_ms: LONG_AGO };
const NEVER: Partial<Ward> = { presence: "never", last_word_ms: null, device_count: 0, devices_answering: 0 };
const BEHIND: Partial<Ward> = { last_word_ms: LONG_AGO, missing_positions: 1840 };
const FAILING: Partial<Ward> = { worst: "failure", devices_answering: 6, conditions: [DEAD_SWITCH, ...WENT, TONER] };
const NEEDING: Partial<Ward> = {
  worst: "attention",
  conditions: [condition(), TONER, FALLEN, NOTE, condition({ device: "ups-2" })],
};

export const FACES: Group[] = [
  {
    part: "ups-face",
    wide: "card",
    cases: [
      { state: "mains", shows: ups(UPS) },
      { state: "on-battery", shows: ups(RUNNING) },
      {
        state: "on-battery-for-hours",
        shows: ups({ readings: readings({ ...MAINS, battery_runtime_seconds: 6000, on_battery: 1 }) }),
      },
      { state: "mains-for-hours", shows: ups({ readings: readings({ ...MAINS, battery_runtime_seconds: 6000 }) }) },
      { state: "battery-low", shows: ups(LOW, { conditions: [condition({ rule: "ups_battery_low" })] }) },
      { state: "old", shows: ups(old(UPS)) },
      { state: "unreachable", shows: ups(dead(RUNNING)) },
      { state: "partial", shows: ups({ readings: readings({ output_load_percent: 21 }) }) },
      { state: "no-values", shows: ups({}) },
      {
        state: "worn",
        shows: ups(
          {
            readings: readings({
              ...MAINS,
              battery_age_days: 1720,
              battery_test_failed: 1,
              "alarm_active/battery_bad": 1,
              "alarm_active/fan_failure": 0,
            }),
          },
          { conditions: [condition({ rule: "ups_battery_old" })] },
          true,
        ),
      },
    ],
  },
  {
    part: "printer-face",
    wide: "card",
    cases: [
      { state: "ready", shows: ink(printer(COLOUR)) },
      { state: "toner-low", shows: ink(printer({ ...COLOUR, toner_yellow_percent: 4, printer_state: 4 })) },
      { state: "jam", shows: ink(printer({ ...COLOUR, printer_jammed: 1 })) },
      { state: "out-of-paper", shows: ink(printer({ ...COLOUR, "tray_percent/Tray 2": 0, printer_out_of_paper: 1 })) },
      {
        state: "one-supply",
        shows: ink(printer({ toner_black_percent: 71, "tray_percent/": 80, pages_total: 93_410 })),
      },
      { state: "no-supplies", shows: ink(printer({ printer_state: 3, pages_total: 1 })) },
      { state: "old", shows: ink(old(printer(COLOUR))) },
      { state: "no-values", shows: ink(PRINTER) },
    ],
  },
  {
    part: "port-row",
    wide: "half",
    cases: [
      { state: "well", shows: row(SWITCH) },
      { state: "port-down", shows: row(SWITCH, { conditions: [FALLEN] }) },
      { state: "old", shows: row(dead({ ...SWITCH, readings: readings(ports(8, 6)) })) },
      { state: "no-values", shows: row({ ...SWITCH, readings: [] }) },
    ],
  },
  {
    part: "server-face",
    wide: "card",
    cases: [
      { state: "well", shows: server(SERVER) },
      {
        state: "disk-full",
        shows: server(SERVER, {
          conditions: [condition({ device: "server-1", rule: "disk_full", instance: "/srv", severity: "attention" })],
        }),
      },
      { state: "old", shows: server(old(SERVER)) },
      { state: "no-values", shows: server({ ...SERVER, readings: [] }) },
    ],
  },
  {
    part: "plain-face",
    wide: "card",
    cases: [
      { state: "values", shows: plain(SENSOR) },
      { state: "old", shows: plain(old(SENSOR)) },
      { state: "answers", shows: plain({ ...SENSOR, readings: [] }) },
      { state: "no-values", shows: plain({ ...SENSOR, readings: [], reachable: null }) },
    ],
  },
];

const VENDOR = { facts: [{ name: "vendor", text: "APC" }] };

/** A drawn stand-in for a frame: the gallery has no cameras. */
export const FRAME = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360">
<rect width="640" height="360" fill="#cfd8d6"/><rect y="230" width="640" height="130" fill="#9c968c"/>
<rect x="120" y="180" width="400" height="100" fill="#96683f"/><circle cx="290" cy="130" r="26" fill="#c68f66"/>
<path d="M250 196q40-70 80 0z" fill="#3c6ea5"/><rect x="360" y="136" width="70" height="46" fill="#2a333d"/></svg>`)}`;
const NOTHING_WRONG = { sinceMs: null, reason: "", detail: "" };
const picture = (shown: LivePicture["shown"]) =>
  html`<live-picture ward="hai-chau-1" device="camera-1" name="Camera quầy 1" .shown=${shown}></live-picture>`;
const camera = (shown: LivePicture["shown"], of: Partial<Device> = {}, at: Partial<Ward> = {}, cause = "") =>
  html`<camera-tile .shown=${shown} .shownThumbnail=${FRAME} cause=${cause}
    .seen=${seen({ id: "camera-1", kind: "camera", name: "Camera quầy 1", location: "Bộ phận Một cửa", ...of }, at)}
  ></camera-tile>`;
const THUMBNAIL: Partial<Device> = { thumbnail: { sha256: "00", taken_ms: NOW - 48_000 } };
const STALLED = { state: "stalled", sinceMs: LONG_AGO, reason: "no_frames", detail: "" } as const;
const trouble = (reason: string, sinceMs: number | null = LONG_AGO) =>
  ({ state: "trouble", sinceMs, reason, detail: "" }) as const;
const PLAYING = { state: "playing", ...NOTHING_WRONG, picture: FRAME } as const;

export const PICTURES: Group[] = [
  {
    part: "live-picture",
    wide: "half",
    cases: [
      { state: "connecting", shows: picture({ state: "connecting", ...NOTHING_WRONG }) },
      { state: "playing", shows: picture(PLAYING) },
      { state: "stalled", shows: picture({ ...STALLED, picture: FRAME }) },
      { state: "hub-lost", shows: picture({ ...STALLED, reason: "hub_lost", picture: FRAME }) },
      { state: "wrong-credentials", shows: picture(trouble("wrong_credentials")) },
      { state: "h265", shows: picture(trouble("unsupported")) },
      { state: "ward-silent", shows: picture({ ...trouble("ward_silent"), picture: FRAME }) },
      { state: "paused", shows: picture({ state: "paused", ...NOTHING_WRONG, picture: FRAME }) },
    ],
  },
  {
    part: "camera-tile",
    wide: "card",
    cases: [
      { state: "connecting", shows: camera({ state: "connecting", ...NOTHING_WRONG }) },
      { state: "thumbnail", shows: camera({ state: "connecting", ...NOTHING_WRONG }, THUMBNAIL) },
      { state: "thumbnail-of-trouble", shows: camera(trouble("no_answer"), THUMBNAIL) },
      { state: "playing", shows: camera(PLAYING) },
      { state: "stalled", shows: camera({ ...STALLED, picture: FRAME }) },
      { state: "unreachable", shows: camera({ ...trouble("no_answer"), picture: FRAME }, dead({})) },
      { state: "with-its-cause", shows: camera(trouble("no_answer"), dead({}), {}, "Switch Tầng 2") },
      { state: "wrong-credentials", shows: camera(trouble("wrong_credentials")) },
    ],
  },
];

export const CARDS: Group[] = [
  {
    part: "device-card",
    wide: "card",
    cases: [
      { state: "ok", shows: card({ ...UPS, ...VENDOR }) },
      { state: "attention", shows: card(RUNNING, { conditions: [condition()] }) },
      {
        state: "failure",
        shows: card(printer({ ...COLOUR, printer_jammed: 1 }), {
          conditions: [condition({ device: "printer-1", rule: "printer_jam", severity: "failure" })],
        }),
      },
      { state: "info", shows: card(UPS, { conditions: [NOTE] }) },
      {
        state: "partial",
        shows: card({ ...printer({ toner_black_percent: 61 }), reason: { code: "partial_answer", detail: "" } }),
      },
      { state: "unreachable", shows: card(dead(UPS)) },
      { state: "with-its-cause", shows: card(dead(printer(COLOUR)), {}, "Switch Tầng 2") },
      { state: "stale", shows: card(old(UPS)) },
      { state: "ward-offline", shows: card(old(UPS), OFFLINE) },
      { state: "not-asked", shows: card({ reachable: null, last_reading_ms: null }) },
      { state: "workstation", shows: card(STATION) },
      { state: "workstation-off", shows: card(dead(STATION)) },
      {
        state: "workstation-unreachable",
        shows: card(dead(STATION), {
          conditions: [condition({ device: "workstation-1", rule: "unreachable", severity: "attention" })],
        }),
      },
    ],
  },
  {
    part: "condition-line",
    wide: "half",
    cases: [
      { state: "of-one-supply", shows: line({ root: BLACK, also: [], consequences: [] }) },
      { state: "failure-with-consequences", shows: line({ root: DEAD_SWITCH, also: [], consequences: WENT }) },
      { state: "attention", shows: line({ root: condition(), also: [], consequences: [] }) },
      {
        state: "attention-with-more-of-it",
        shows: line({ root: FALLEN, also: [{ ...FALLEN, instance: "gi6" }], consequences: [] }),
      },
      { state: "info", shows: line({ root: NOTE, also: [], consequences: [] }) },
    ],
  },
  {
    part: "ward-card",
    wide: "full",
    cases: [
      { state: "well", shows: place({}) },
      { state: "failure", shows: place(FAILING) },
      { state: "attention-many", shows: place(NEEDING) },
      { state: "offline", shows: place({ ...OFFLINE, conditions: [TONER] }) },
      { state: "behind", shows: place(BEHIND) },
      { state: "never", shows: place(NEVER) },
    ],
  },
  {
    part: "ward-tile",
    wide: "small",
    cases: [
      { state: "well", shows: tile({}) },
      { state: "failure", shows: tile({ ...FAILING, name: "Phường Hòa Thuận Đông" }) },
      { state: "attention", shows: tile(NEEDING) },
      { state: "offline", shows: tile(OFFLINE) },
      { state: "behind", shows: tile(BEHIND) },
      { state: "never", shows: tile(NEVER) },
    ],
  },
];
