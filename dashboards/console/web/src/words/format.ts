/** Numbers, units and times as people read them: dd/mm/yyyy, 24-hour, the ward's zone, the reader's decimal mark. */
import type { Metric } from "../api/types.ts";
import { language } from "../live/preferences.ts";
import { type TextKey, t } from "./text.ts";

export const ZONE = "Asia/Ho_Chi_Minh";
const LOCALE = { vi: "vi-VN", en: "en-GB" } as const;

const formatters = new Map<string, Intl.NumberFormat>();

export function number(value: number, digits = 0): string {
  const key = `${language()} ${digits}`;
  let format = formatters.get(key);
  if (!format) {
    format = new Intl.NumberFormat(LOCALE[language()], {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    formatters.set(key, format);
  }
  return format.format(value).replace("-", "\u2212");
}

const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

function read(ms: number): Record<string, string> {
  return Object.fromEntries(parts.formatToParts(ms).map((part) => [part.type, part.value]));
}

export function clock(ms: number, seconds = false): string {
  const at = read(ms);
  return seconds ? `${at.hour}:${at.minute}:${at.second}` : `${at.hour}:${at.minute}`;
}

export function date(ms: number): string {
  const at = read(ms);
  return `${at.day}/${at.month}/${at.year}`;
}

export const dayMonth = (ms: number): string => date(ms).slice(0, 5);

/** A moment of any day in full: "09:14 21/11/2026". */
export const momentOf = (ms: number, seconds = false): string => `${clock(ms, seconds)} ${date(ms)}`;

const DAY_MS = 86_400_000;

/** A moment seen from `now`: "09:14", "09:14 hôm qua", "09:14 ngày 21/11/2026". */
export function moment(ms: number, now: number): string {
  if (date(ms) === date(now)) return clock(ms);
  if (date(ms) === date(now - DAY_MS)) return t("time.yesterday", { time: clock(ms) });
  return t("time.date", { time: clock(ms), date: date(ms) });
}

/** How long ago, in one unit: "12 giây trước". */
export function ago(ms: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - ms) / 1000));
  return seconds < 5 ? t("time.just_now") : t("time.ago", { span: span(seconds) });
}

/** A span in its largest unit. */
export function span(seconds: number): string {
  if (seconds < 90) return t("time.seconds", { n: Math.round(seconds) });
  if (seconds < 5400) return t("time.minutes", { n: Math.round(seconds / 60) });
  if (seconds < 129_600) return t("time.hours", { n: Math.round(seconds / 3600) });
  return t("time.days", { n: Math.round(seconds / 86_400) });
}

/** A duration in its two largest units: "3 giờ 12 phút". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return t("time.seconds", { n: whole });
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t("time.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair(t("time.hours", { n: hours }), minutes % 60 && t("time.minutes", { n: minutes % 60 }));
  const days = Math.floor(hours / 24);
  return pair(t("time.days", { n: days }), hours % 24 && t("time.hours", { n: hours % 24 }));
}

const pair = (large: string, small: string | number) => (small ? `${large} ${small}` : large);

export interface Shown {
  text: string;
  unit: string;
}

/** Yes-or-no metrics: what their catalogue line means as 0 and 1. */
const FLAGS = new Set([
  "reachable",
  "on_battery",
  "battery_needs_replacing",
  "battery_test_failed",
  "battery_low",
  "battery_charging",
  "output_overloaded",
  "alarm_active",
  "printer_idle",
  "printer_jammed",
  "printer_out_of_paper",
  "printer_door_open",
  "port_up",
  "port_enabled",
  "aircon_running",
  "aircon_fault",
  "scanner_jammed",
  "scanner_door_open",
  "line_up",
  "line_active",
  "names_resolve",
  "service_up",
  "disk_healthy",
  "unit_running",
  "clock_synchronised",
  "stream_up",
  "recording",
  "printer_stopped",
  "port_full_duplex",
  "wan_port_up",
  "echo_answered",
  "stream_as_set",
  "recorded_as_set",
  "picture_decodes",
  "camera_says_signal_lost",
  "camera_says_tampered",
  "camera_says_too_dark",
  "camera_says_too_bright",
  "camera_says_blurred",
  "camera_says_storage_failed",
  "retention_known",
  "retention_met",
  "motion_only",
]);

export const isFlag = (metric: string): boolean => FLAGS.has(metric);

const PREFIXES = ["", "k", "M", "G", "T", "P"];

function scaled(value: number, step: number, unit: string): Shown {
  let size = Math.abs(value);
  let power = 0;
  while (size >= step && power < PREFIXES.length - 1) {
    size /= step;
    power += 1;
  }
  const digits = power === 0 || size >= 100 ? 0 : 1;
  return { text: number(Math.sign(value) * size, digits), unit: `${PREFIXES[power]}${unit}` };
}

/** hrPrinterStatus (RFC 2790). */
const PRINTER_STATES: Record<number, "other" | "unknown" | "idle" | "printing" | "warmup"> = {
  1: "other",
  2: "unknown",
  3: "idle",
  4: "printing",
  5: "warmup",
};

/** What lasts so short that its seconds would be all zeros. */
const MILLISECONDS = new Set([
  "rtt_seconds",
  "jitter_seconds",
  "response_seconds",
  "name_resolution_seconds",
  "clock_offset_seconds",
]);

/** A duration, or how far something is behind. */
export const signedDuration = (seconds: number): string =>
  seconds < 0 ? `\u2212${duration(-seconds)}` : duration(seconds);

/** A clock may also be off by minutes; nobody reads those in milliseconds. */
export const inMilliseconds = (name: string, value: number): boolean => MILLISECONDS.has(name) && Math.abs(value) < 10;

/** The numbers that stand for a state, and their words. */
const STATES: Record<string, readonly TextKey[]> = {
  cooling_state: ["room.cooling.not_needed", "room.cooling.works", "room.cooling.fails"],
  scanner_state: ["scanner.idle", "scanner.busy", "scanner.stopped"],
};

/** A value of a metric for people, text and unit apart so that the unit can be set quieter. */
export function shown(metric: Metric | undefined, name: string, value: number): Shown {
  if (isFlag(name)) return { text: t(value ? "yes" : "no"), unit: "" };
  if (name === "printer_state") return { text: t(`printer.state.${PRINTER_STATES[value] ?? "unknown"}`), unit: "" };
  const state = STATES[name]?.[value];
  if (state) return { text: t(state), unit: "" };
  const unit = metric?.unit ?? "";
  if (unit === "bit/s") return scaled(value, 1000, "bit/s");
  if (unit === "B") return scaled(value, 1000, "B");
  if (inMilliseconds(name, value)) return { text: number(value * 1000, Math.abs(value) < 0.1 ? 1 : 0), unit: "ms" };
  if (unit === "d") return { text: t("time.days", { n: Math.floor(value) }), unit: "" };
  if (unit === "s") return { text: signedDuration(value), unit: "" };
  return { text: number(value, metric?.digits ?? 0), unit };
}

export const joined = ({ text, unit }: Shown): string => (unit ? `${text}\u00a0${unit}` : text);
