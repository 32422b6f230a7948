/** The stretches of time that every chart and timeline knows; all share one axis. */
import { clock, date, dayMonth } from "./format.ts";

export type RangeName = "1h" | "24h" | "7d" | "35d" | "1y";

const HOUR_MS = 3_600_000;
const SPANS: Record<RangeName, number> = {
  "1h": HOUR_MS,
  "24h": 24 * HOUR_MS,
  "7d": 168 * HOUR_MS,
  "35d": 840 * HOUR_MS,
  "1y": 8760 * HOUR_MS,
};

export const RANGES = Object.keys(SPANS) as RangeName[];
export const rangeMs = (name: RangeName): number => SPANS[name];

/** Room beside a plot, px: timelines and charts leave the same, so that one moment stands above itself. */
export const GUTTER_LEFT = 56;
export const GUTTER_RIGHT = 12;

/** A tick's label: hours within a day or two, with the date at midnight; dates beyond. */
export function tickLabel(ms: number, spanMs: number): string {
  if (spanMs > 2 * SPANS["24h"]) return dayMonth(ms);
  const time = clock(ms);
  return time === "00:00" ? dayMonth(ms) : time;
}

const VIETNAM_OFFSET_MS = 7 * HOUR_MS;
const STEPS_MS = [1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 3, 4, 6, 12, 24, 48, 72, 120, 168, 336, 672, 1344].map(
  (hours) => hours * HOUR_MS,
);

/** Round moments of Vietnam's day (UTC+7 the year round) between two moments, about `room` px apart. */
export function ticks(from: number, to: number, widthPx: number, room = 58): number[] {
  // Beyond two days a label is a date, so a tick is a midnight.
  const least = Math.max(((to - from) / Math.max(1, widthPx)) * room, to - from > 2 * SPANS["24h"] ? SPANS["24h"] : 0);
  const step = STEPS_MS.find((each) => each >= least) ?? 1344 * HOUR_MS;
  const first = Math.ceil((from + VIETNAM_OFFSET_MS) / step) * step - VIETNAM_OFFSET_MS;
  const found: number[] = [];
  for (let at = first; at <= to; at += step) found.push(at);
  return found;
}

/** A moment for people beside a cursor. */
export const momentLabel = (ms: number): string => `${clock(ms)} ${date(ms)}`;
