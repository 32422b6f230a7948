/** What a recorder's coverage of a camera means, in words and day by day. Pure. */
import type { Coverage, Day, Gap } from "../api/types.ts";
import { dayMonth, duration, momentOf, number } from "./format.ts";
import { reasonParts, t } from "./text.ts";

const DAY_MS = 86_400_000;
const VIETNAM_OFFSET_MS = 7 * 3_600_000;
/** DESIGN: a day is covered from this share of its opening hours on. */
const COVERED_PERCENT = 99;
const MOST_NAMED = 3;

/** full … motion: what was recorded; closed: nothing was owed; before: the camera was not there yet. */
export type DayState = "full" | "partial" | "missing" | "motion" | "closed" | "before" | "unknown";

export interface DayShown {
  date: string;
  startMs: number;
  state: DayState;
  /** 0…100 of the opening hours. */
  percent: number;
  today: boolean;
  gaps: Gap[];
}

export const midnight = (ms: number): number =>
  Math.floor((ms + VIETNAM_OFFSET_MS) / DAY_MS) * DAY_MS - VIETNAM_OFFSET_MS;

const startOf = (date: string): number => Date.parse(`${date}T00:00:00+07:00`);

/** How many days the window has. */
export const windowDays = ({ days, from_ms, to_ms }: Coverage): number =>
  days.length || Math.max(1, Math.ceil((to_ms - from_ms) / DAY_MS));

/** The window's days, oldest first; where nothing is known of them, days of which nothing is known. */
export function daysShown(coverage: Coverage, now: number): DayShown[] {
  const today = midnight(now);
  const known = new Map(coverage.days.map((day) => [startOf(day.date), day]));
  const count = windowDays(coverage);
  const last = coverage.days.length ? Math.max(...known.keys()) : midnight(coverage.to_ms);
  return Array.from({ length: count }, (_, place) => {
    const startMs = last - (count - 1 - place) * DAY_MS;
    const day = known.get(startMs);
    const gaps = coverage.gaps.filter(({ from_ms, to_ms }) => from_ms < startMs + DAY_MS && to_ms > startMs);
    const state = stateOf(day, coverage, startMs);
    return {
      date: dayMonth(startMs),
      startMs,
      state,
      percent: day?.open_percent ?? (state === "full" ? 100 : 0),
      today: startMs === today,
      gaps,
    };
  });
}

function stateOf(day: Day | undefined, coverage: Coverage, startMs: number): DayState {
  if (!day || coverage.verdict === "unknown") return "unknown";
  const { oldest_ms } = coverage;
  const young = coverage.verdict === "not_yet_provable" && oldest_ms !== null && startMs + DAY_MS <= oldest_ms;
  if (young) return "before";
  if (day.open_percent === null) return "closed";
  if (day.motion_only) return "motion";
  if (day.open_percent >= COVERED_PERCENT) return "full";
  return day.open_percent > 0 ? "partial" : "missing";
}

export interface VerdictWords {
  what: string;
  more: string;
  tone: "proven" | "attention" | "failure" | "plain";
}

export function verdictWords(coverage: Coverage, now: number): VerdictWords {
  const n = coverage.asked_days;
  switch (coverage.verdict) {
    case "met":
      return { what: t("coverage.met", { n }), more: "", tone: "proven" };
    case "not_met":
      return { what: missingWords(coverage, now), more: "", tone: "failure" };
    case "not_yet_provable": {
      const { oldest_ms } = coverage;
      const more =
        oldest_ms === null
          ? ""
          : t("coverage.young", { from: momentOf(oldest_ms), until: dayMonth(oldest_ms + n * DAY_MS) });
      return { what: t("coverage.not_yet_provable", { n }), more, tone: "plain" };
    }
    case "motion_only":
      return { what: t("coverage.motion_only"), more: t("coverage.motion_only_then"), tone: "attention" };
    case "unknown": {
      const { what, advice } = reasonParts(coverage.reason);
      return { what: t("coverage.unknown"), more: coverage.reason ? `${what}. ${advice}`.trim() : "", tone: "plain" };
    }
  }
}

function missingWords(coverage: Coverage, now: number): string {
  const missing = daysShown(coverage, now).filter(
    ({ state, gaps }) => state === "partial" || state === "missing" || gaps.length > 0,
  );
  if (missing.length === 0) return t("coverage.not_met", { n: coverage.asked_days });
  if (missing.length > MOST_NAMED) return t("coverage.missing", { n: missing.length });
  return t("coverage.missing_named", { n: missing.length, days: missing.map(({ date }) => date).join(", ") });
}

/** What the disks will do: days kept at today's rate, and when that is too few. */
export function forecastWords(coverage: Coverage, now: number): { words: string; bad: boolean } | undefined {
  const { kept_days, short_on } = coverage;
  const n = coverage.asked_days;
  if (kept_days === null) return undefined;
  const kept = number(kept_days, kept_days < 10 ? 1 : 0);
  if (short_on === null) return { words: t("coverage.kept", { kept }), bad: kept_days < n };
  const at = startOf(short_on);
  const key = at > now ? "coverage.short_on" : "coverage.short_already";
  return { words: t(key, { kept, n, date: dayMonth(at) }), bad: true };
}

/** "slow by 1.8 s" of the recorder's clock; under a second is nothing to say. */
export function clockWords(offset: number | null): string {
  if (offset === null || Math.abs(offset) < 1) return "";
  const off = Math.abs(offset);
  const n = off < 90 ? t("time.seconds", { n: number(off, 1) }) : duration(off);
  return t(offset < 0 ? "coverage.clock_slow" : "coverage.clock_fast", { n });
}

export const stateWords = (state: DayState): string => t(`coverage.state.${state}`);
