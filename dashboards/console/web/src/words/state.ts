/** What a device or ward is right now, from what is known of it and how old that is. */
import type { Condition, Device, Reading, Severity, Ward } from "../api/types.ts";

/** ok … failure as conditions say; the rest: no current knowledge of it, and why. */
export type Health =
  | "ok"
  | "partial"
  | "info"
  | "attention"
  | "failure"
  | "off"
  | "unreachable"
  | "stale"
  | "ward_offline"
  | "unpolled";

/** A device in its ward at a moment: what every face is handed. */
export interface Seen {
  device: Device;
  ward: Ward;
  now: number;
}

const LEAST_MS = 150_000;

/** When a value of this device stops being news: three polls, and no less than two and a half times 60 s. */
export function oldAfterMs(device: Device): number {
  return Math.max(3 * device.interval_seconds * 1000, LEAST_MS);
}

/** Whether a value must not look new: too old, or from a ward or device that we cannot hear now. */
export function isOld(timeMs: number, { device, ward, now }: Seen): boolean {
  return ward.presence !== "online" || device.reachable === false || now - timeMs > oldAfterMs(device);
}

const RANK: Record<Severity, number> = { info: 1, attention: 2, failure: 3 };

export const rankOf = ({ severity }: Condition): number => RANK[severity];

export function worst(conditions: readonly Condition[]): Severity | null {
  let found: Severity | null = null;
  for (const { severity } of conditions) if (!found || RANK[severity] > RANK[found]) found = severity;
  return found;
}

export function bySeverity(a: Condition, b: Condition): number {
  return RANK[b.severity] - RANK[a.severity] || a.since_ms - b.since_ms || a.device.localeCompare(b.device);
}

export function conditionsOf(seen: Seen): Condition[] {
  return seen.ward.conditions.filter((each) => each.device === seen.device.id).sort(bySeverity);
}

/** What people switch off when they go home; the ward's rules know when it is missed, and say so. */
const SWITCHED_OFF = new Set([
  "workstation",
  "kiosk",
  "queue",
  "counter_display",
  "tablet",
  "signboard",
  "display",
  "scanner",
]);

/** Silent, and nobody misses it: the office is closed, or it has been silent for too short a time to tell. */
function mayBeOff({ device, ward }: Seen): boolean {
  const missed = ward.conditions.some((each) => each.device === device.id && each.rule === "unreachable");
  return SWITCHED_OFF.has(device.kind) && !missed;
}

export function healthOf(seen: Seen): Health {
  const { device, ward, now } = seen;
  if (device.reachable === null) return "unpolled";
  if (ward.presence !== "online") return "ward_offline";
  if (device.reachable === false) return mayBeOff(seen) ? "off" : "unreachable";
  if (device.last_reading_ms !== null && now - device.last_reading_ms > oldAfterMs(device)) return "stale";
  const severity = worst(conditionsOf(seen));
  if (severity === "failure" || severity === "attention") return severity;
  if (device.reason) return "partial";
  return severity ?? "ok";
}

export interface Value {
  value: number;
  time_ms: number;
  old: boolean;
}

export function valueIn(seen: Seen, metric: string, instance?: string): Value | undefined {
  const reading = seen.device.readings.find(
    (each) => each.metric === metric && (instance === undefined || each.instance === instance),
  );
  return reading && { value: reading.value, time_ms: reading.time_ms, old: isOld(reading.time_ms, seen) };
}

export function readingsOf(device: Device, metric: string): Reading[] {
  return device.readings.filter((each) => each.metric === metric);
}

/** The newest of a device's readings, for "values of 09:14". */
export function lastReadingMs(device: Device): number | null {
  return (
    device.last_reading_ms ?? device.readings.reduce<number | null>((last, r) => Math.max(last ?? 0, r.time_ms), null)
  );
}

/** "2" before "10": ports and disks in the order that a person counts them. */
export const natural = new Intl.Collator("en", { numeric: true }).compare;

export function wardNeedsYou(ward: Ward): boolean {
  return ward.presence === "offline" || ward.worst === "failure" || ward.worst === "attention";
}

/** An agent that speaks, but of the past: it is catching up, and nothing of it is from now. */
export const wardIsBehind = (ward: Ward, now: number): boolean =>
  ward.presence === "online" && ward.last_word_ms !== null && now - ward.last_word_ms > LEAST_MS;

export type WardHealth = "failure" | "attention" | "info" | "stale" | "never" | "ok";

export function wardHealth(ward: Ward, now: number): WardHealth {
  if (ward.presence === "never") return "never";
  if (ward.presence === "offline") return "failure";
  if (ward.worst === "failure" || ward.worst === "attention") return ward.worst;
  return wardIsBehind(ward, now) ? "stale" : (ward.worst ?? "ok");
}

const NEED: Record<WardHealth, number> = { failure: 0, attention: 1, stale: 2, never: 3, info: 4, ok: 5 };

/** Wards by need: worst first, then more roots of trouble, then the one waiting longest; else as configured. */
export function byNeed(wards: readonly Ward[], now: number): Ward[] {
  return wards
    .map((ward, place) => ({ ward, place, need: NEED[wardHealth(ward, now)], roots: roots(ward), since: since(ward) }))
    .sort((a, b) => a.need - b.need || b.roots - a.roots || a.since - b.since || a.place - b.place)
    .map(({ ward }) => ward);
}

const roots = (ward: Ward) =>
  ward.conditions.filter((each) => each.severity === "failure" && each.cause_device === null).length;

const since = (ward: Ward) =>
  Math.min(ward.offline_since_ms ?? Number.POSITIVE_INFINITY, ...ward.conditions.map((each) => each.since_ms));
